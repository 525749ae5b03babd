"""Which regular files the final image does not show, and what hid them: of an overlay, and of a tree."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.overlay import Overlay
from layerscope.model.entries import EntryTable, Ints, Kind


class Occurrences(Protocol):
    """What an overlay and a path index have in common: columns by occurrence."""

    @property
    def layers(self) -> Ints:
        """The layer of each."""

    @property
    def rows(self) -> Ints:
        """Its row in the layer's table."""

    @property
    def link_targets(self) -> dict[int, int]:
        """The file behind each hard link."""


class HiddenFile(NamedTuple):
    """The occurrence of a dead file, and the one that took the last sight of it."""

    file: int
    hiding_occurrence: int
    size: int


def hidden_in_overlay(overlay: Overlay) -> Iterator[HiddenFile]:
    """Yield every dead file that has bytes. It costs the paths that were hidden, not those that there are."""
    hiding_occurrences = {
        overlay.befores[hiding_occurrence]: hiding_occurrence for hiding_occurrence in overlay.hiding_occurrences
    }
    return _hidden_files(overlay, overlay.tables, hiding_occurrences)


def hidden_in_tree(tree: LayeredTree) -> tuple[HiddenFile, ...]:
    """Return every dead file that has bytes, in the order of paths and layers."""
    return tuple(_hidden_files(tree.index, tree.tables, _hiding_occurrences(tree)))


def _hiding_occurrences(tree: LayeredTree) -> dict[int, int]:
    """Return, for each occurrence that wrote an entry and has another behind it at its path, the next one."""
    firsts, rows = tree.index.firsts, tree.index.rows
    return {
        one: one + 1
        for node in range(1, len(tree.index))
        if firsts[node + 1] - firsts[node] > 1
        for one in range(firsts[node], firsts[node + 1] - 1)
        if rows[one] >= 0
    }


def _hidden_files(
    log: Occurrences, tables: Mapping[int, EntryTable], hiding_occurrences: Mapping[int, int]
) -> Iterator[HiddenFile]:
    """Yield the dead files, given what hid each occurrence.

    A file that hard links show as well is hidden by the layer that hid the last of them, at its own path if there too.
    """
    links: dict[int, list[int]] = {}
    for link, file in sorted(log.link_targets.items()):
        links.setdefault(file, []).append(link)
    layers, rows = log.layers, log.rows
    for file, hiding_occurrence in hiding_occurrences.items():
        row, table = rows[file], tables[layers[file]]
        if row < 0 or not (size := table.sizes[row]) or table.kinds[row] != Kind.FILE:
            continue
        last, shown = hiding_occurrence, False
        for link in links.get(file, ()):
            other = hiding_occurrences.get(link, file)
            shown = shown or other == file
            last = other if layers[other] > layers[last] else last
        if not shown:
            yield HiddenFile(file, last, size)
