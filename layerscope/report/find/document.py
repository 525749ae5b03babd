"""The ``find`` document: the paths that are found, with each layer that wrote, changed or removed one."""

from collections.abc import Iterable
from typing import TextIO

from msgspec import Struct

from layerscope.analysis.search.found_paths import FoundPath
from layerscope.model.image import Image
from layerscope.report.json_document import Document, write_document
from layerscope.text import path_text


class MatchPart(Struct):
    """A path as a layer wrote it; of a removal, as it was before."""

    path: str
    layer: int
    instruction: str | None
    change: str
    kind: str
    size: int
    mode: str
    uid: int
    gid: int
    live: bool
    hidden_by: int | None


class FindDocument(Document, kw_only=True):
    """The whole document; the matches are sorted by path, then by layer."""

    matches: list[MatchPart]


def write_find_document(image: Image, found: Iterable[FoundPath], file: TextIO) -> None:
    """Write the document row by row."""
    write_document(FindDocument(matches=[]), file, (_match_part(image, each) for each in found))


def _match_part(image: Image, found: FoundPath) -> MatchPart:
    entry = found.entry
    return MatchPart(
        path=path_text(entry.path),
        layer=found.layer,
        instruction=image.step(found.layer).instruction,
        change=found.change.word,
        kind=entry.kind.word,
        size=entry.size,
        mode=f"{entry.mode:04o}",
        uid=entry.uid,
        gid=entry.gid,
        live=found.is_live,
        hidden_by=found.hidden_by,
    )
