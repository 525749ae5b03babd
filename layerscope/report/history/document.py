"""The ``history`` document: the history of one path."""

from collections.abc import Sequence
from typing import TypedDict

from layerscope.analysis.tree.path_history import Revision
from layerscope.model.image import Image
from layerscope.report.json_document import SCHEMA_VERSION
from layerscope.report.tree.entry import EntryPart, entry_part
from layerscope.text import path_text


class EventPart(EntryPart):
    """The change that one layer made to the path; for a removal, the other fields describe the path before it."""

    instruction: str | None
    change: str
    what: list[str]
    written_by: int


class HistoryDocument(TypedDict):
    """The whole document; ``present``: whether the path is in the final image."""

    schema_version: int
    path: str
    present: bool
    events: list[EventPart]


def history_document(image: Image, path: bytes, events: Sequence[Revision], *, present: bool) -> HistoryDocument:
    """Return the document of a path."""
    return {
        "schema_version": SCHEMA_VERSION,
        "path": path_text(path),
        "present": present,
        "events": [_event_part(image, event) for event in events],
    }


def _event_part(image: Image, event: Revision) -> EventPart:
    entry = entry_part(event.entry)
    return {
        "layer": event.layer,
        "instruction": image.step(event.layer).instruction,
        "change": event.change.word,
        "what": list(event.what.words),
        "written_by": entry["layer"],
        "kind": entry["kind"],
        "size": entry["size"],
        "mode": entry["mode"],
        "uid": entry["uid"],
        "gid": entry["gid"],
        "mtime": entry["mtime"],
        "link": entry["link"],
    }
