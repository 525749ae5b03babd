"""The ``history`` document: the history of one path."""

from collections.abc import Sequence
from typing import TextIO

from msgspec import Struct

from layerscope.analysis.tree.path_history import Revision
from layerscope.model.image import Image
from layerscope.report.json_document import NO_LIMIT, Limit, Listing, write_document
from layerscope.report.tree.document import entry_part
from layerscope.text import path_text


class EventPart(Struct):
    """The change that one layer made to the path; for a removal, the other fields describe the path before it."""

    layer: int
    instruction: str | None
    change: str
    what: list[str]
    written_by: int
    kind: str
    size: int
    mode: str
    uid: int
    gid: int
    mtime: int | None
    link: str | None


class HistoryDocument(Listing, kw_only=True):
    """The whole document; ``present``: whether the path is in the final image."""

    path: str
    present: bool
    events: list[EventPart]


def write_history_document(
    image: Image, path: bytes, events: Sequence[Revision], file: TextIO, limit: Limit = NO_LIMIT, *, present: bool
) -> None:
    """Write the document of a path."""
    parts = [event_part(image, event) for event in limit(events)]
    write_document(HistoryDocument(path=path_text(path), present=present, events=parts), file, limit=limit)


def event_part(image: Image, event: Revision) -> EventPart:
    """Return a row of the document."""
    entry = entry_part(event.entry)
    return EventPart(
        layer=event.layer,
        instruction=image.step(event.layer).instruction,
        change=event.change.word,
        what=list(event.what.words),
        written_by=entry.layer,
        kind=entry.kind,
        size=entry.size,
        mode=entry.mode,
        uid=entry.uid,
        gid=entry.gid,
        mtime=entry.mtime,
        link=entry.link,
    )
