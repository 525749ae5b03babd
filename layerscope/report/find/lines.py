"""What is found, for people: a line for each layer that wrote, changed or removed a path."""

import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain, islice
from typing import TextIO

from layerscope.analysis.search.found_paths import FoundPath
from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.entries import Kind
from layerscope.model.image import Image
from layerscope.report.colors import change_styles
from layerscope.report.tree.lines import NO_SIZE, SIZE_WIDTH, name_and_target, owner_width
from layerscope.report.tree.selection import link_text
from layerscope.session.summary import layer_title
from layerscope.text import human_size, mode_text, path_text, shortened

_ALIGNED, _WIDEST_NAME = 512, 60
"""The first lines, by whose names instructions are aligned, and the widest name that others are aligned with."""

_LEAST_INSTRUCTION, _MOST_INSTRUCTION = 16, 80
"""The cells that an instruction needs, else a terminal shows none beside a long name; and those that it gets."""


def write_find_lines(image: Image, tree: LayeredTree, found: Iterable[FoundPath], file: TextIO) -> None:
    """Write a line for each: mark, permissions, owner, size, layer, whether it is live, path, instruction."""
    styles, width = change_styles(file), os.get_terminal_size(file.fileno()).columns if file.isatty() else None
    for change, line in find_lines(image, tree, found, width):
        before, after = styles[change]
        file.write(f"{before}{line}{after}\n")


def find_lines(
    image: Image, tree: LayeredTree, found: Iterable[FoundPath], width: int | None = None
) -> Iterator[tuple[ChangeKind, str]]:
    """Yield the lines, each with its change; instructions are cut where a screen of the ``width`` ends."""
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
        yield each.change, line.rstrip()


def _fate(found: FoundPath) -> str:
    if found.hidden_by is not None:
        return f"hidden by {found.hidden_by}"
    return "live" if found.is_live else "removed"


def _name(found: FoundPath) -> str:
    entry = found.entry
    return name_and_target(path_text(entry.path), entry.kind, link_text(entry.kind, entry.link))
