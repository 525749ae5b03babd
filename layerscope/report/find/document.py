"""The ``find`` document: the paths that are found, with each layer that wrote, changed or removed one."""

from collections.abc import Callable, Iterable, Sequence
from typing import TextIO

from msgspec import UNSET, Struct, UnsetType

from layerscope.analysis.search.found_paths import FoundPath
from layerscope.model.image import Image
from layerscope.report.json_document import NO_LIMIT, Limit, Listing, write_document
from layerscope.text import path_text

Matches = Callable[[FoundPath], tuple[Sequence[tuple[int | None, str | None, int | None]], bool]]
"""Returns the matches in the content of a path, as line and text or as offset, and whether there are more."""


class MatchedLinePart(Struct):
    """A line with a match; in data that is not text, the ``offset`` of a match, which has no line."""

    line: int | None
    text: str | None
    offset: int | UnsetType = UNSET


class MatchPart(Struct):
    """A path as a layer wrote it; of a removal, as it was before.

    ``lines`` are the matches in the content, if that was searched; ``more_lines`` if there are more.
    """

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
    lines: list[MatchedLinePart] | UnsetType = UNSET
    more_lines: bool | UnsetType = UNSET


class FindDocument(Listing, kw_only=True):
    """The whole document; the matches are sorted by path, then by layer."""

    matches: list[MatchPart]


def write_find_document(
    image: Image, found: Iterable[FoundPath], file: TextIO, matches: Matches | None, limit: Limit = NO_LIMIT
) -> None:
    """Write the document row by row; ``matches`` returns those in the content of what is found."""
    rows = (_match_part(image, each, matches) for each in limit(found))
    write_document(FindDocument(matches=[]), file, rows, limit)


def _match_part(image: Image, found: FoundPath, matches: Matches | None) -> MatchPart:
    entry = found.entry
    part = MatchPart(
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
    if matches is not None:
        lines, has_more = matches(found)
        part.lines = [MatchedLinePart(line, text, UNSET if offset is None else offset) for line, text, offset in lines]
        part.more_lines = has_more or UNSET
    return part
