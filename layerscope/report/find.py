"""The paths that are found, with each layer that wrote, changed or removed one: a document, and lines for people."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import TextIO

from msgspec import UNSET, Struct, UnsetType

from layerscope.analysis.search.found_paths import FoundPath
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.entries import Kind
from layerscope.model.image import Image
from layerscope.report.colors import change_styles
from layerscope.report.json_document import NO_LIMIT, Limit, Listing, write_document
from layerscope.report.tree import NO_SIZE, SIZE_WIDTH, name_and_target, owner_width
from layerscope.report.tree_rows import link_text
from layerscope.session.summary import layer_title
from layerscope.text import human_size, mode_text, path_text, printable_text, shortened

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
    entry, instruction = found.entry, image.step(found.layer).instruction
    written = path_text(entry.path), found.layer, instruction, found.change.word, entry.kind.word, entry.size
    part = MatchPart(*written, f"{entry.mode:04o}", entry.uid, entry.gid, found.is_live, found.hidden_by)
    if matches is not None:
        lines, has_more = matches(found)
        part.lines = [MatchedLinePart(line, text, UNSET if offset is None else offset) for line, text, offset in lines]
        part.more_lines = has_more or UNSET
    return part


_ALIGNED, _WIDEST_NAME = 512, 60
"""The first lines, by whose names instructions are aligned, and the widest name that others are aligned with."""

_LEAST_INSTRUCTION, _MOST_INSTRUCTION = 16, 80
"""The cells that an instruction needs, else a terminal shows none beside a long name; and those that it gets."""

_MOST_TEXT = 200
"""The characters of a line in a file that are shown."""


def write_find_lines(
    image: Image, tree: LayeredTree, found: Iterable[FoundPath], file: TextIO, matches: Matches | None
) -> None:
    """Write a line for each: mark, permissions, owner, size, layer, whether it is live, path, instruction.

    Below are the ``matches`` in its content, if that was searched.
    """
    styles, width = change_styles(file), os.get_terminal_size(file.fileno()).columns if file.isatty() else None
    for each, line in _find_lines(image, tree, found, width):
        before, after = styles[each.change]
        file.write(f"{before}{line}{after}\n")
        if matches is not None:
            file.writelines(_content_lines(*matches(each)))


def _content_lines(matches: Sequence[tuple[int | None, str | None, int | None]], has_more: bool) -> Iterator[str]:
    for line, text, offset in matches:
        shown = f"{line}: {printable_text(shortened(text, _MOST_TEXT))}" if text is not None else f"byte {offset:,}"
        yield f"    {shown}\n"
    if has_more:
        yield "    and more\n"


def _find_lines(
    image: Image, tree: LayeredTree, found: Iterable[FoundPath], width: int | None
) -> Iterator[tuple[FoundPath, str]]:
    """Yield what is found with its line; instructions are cut where a screen of the ``width`` ends."""
    found = iter(found)
    first = list(islice(found, _ALIGNED))
    name_width = max((len(name) for name in map(_name, first) if len(name) <= _WIDEST_NAME), default=0)
    owners, layers = owner_width(tree), len(str(max(tree.layers, default=0)))
    title = lru_cache(maxsize=256)(lambda layer: layer_title(image, layer))
    for each in chain(first, found):
        entry = each.entry
        size = human_size(entry.size) if entry.kind is Kind.FILE else NO_SIZE
        line = (
            f"{each.change.mark} {mode_text(entry.kind.letter, entry.mode)}  {f'{entry.uid}:{entry.gid}':>{owners}}"
            f"  {size:>{SIZE_WIDTH}}  {each.layer:>{layers}}  {_fate(each):<{len('hidden by ') + layers}}"
            f"  {_name(each):<{name_width}}  "
        )
        room = _MOST_INSTRUCTION if width is None else min(_MOST_INSTRUCTION, width - len(line))
        if room >= _LEAST_INSTRUCTION:
            line += shortened(title(each.layer), room)
        yield each, line.rstrip()


def _fate(found: FoundPath) -> str:
    if found.hidden_by is not None:
        return f"hidden by {found.hidden_by}"
    return "live" if found.is_live else "removed"


def _name(found: FoundPath) -> str:
    entry = found.entry
    return name_and_target(path_text(entry.path), entry.kind, link_text(entry.kind, entry.link))
