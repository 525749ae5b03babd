"""The regular files that the final image does not show, and the occurrences that hid them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar

from layerscope.model.entries import EntryTable, Kind

if TYPE_CHECKING:
    # a list of layers needs no tree
    from layerscope.analysis.tree.layered_tree import LayeredTree
    from layerscope.analysis.tree.overlay import Overlay
    from layerscope.analysis.tree.path_index import PathIndex

    Occurrences: TypeAlias = Overlay | PathIndex
    """The columns by occurrence that both have: layers, rows, and the targets of hard links."""

Key = TypeVar("Key")


class HiddenFile(NamedTuple):
    """The occurrence of a dead file, and the one that hid its last name."""

    file: int
    hiding_occurrence: int
    size: int


def hidden_in_overlay(overlay: "Overlay") -> Iterator[HiddenFile]:
    """Yield every dead file that has bytes; the cost grows with the paths that were hidden, not with all paths."""
    hiding_occurrences = {
        overlay.befores[hiding_occurrence]: hiding_occurrence for hiding_occurrence in overlay.hiding_occurrences
    }
    return _hidden_files(overlay, overlay.tables, hiding_occurrences)


def dead_sizes(overlay: "Overlay") -> dict[int, int]:
    """Return by layer the bytes that it wrote and that are dead; layers without any are left out."""
    return sums_by_key((overlay.layers[hidden.file], hidden.size) for hidden in hidden_in_overlay(overlay))


def sums_by_key(facts: Iterable[tuple[Key, int]]) -> dict[Key, int]:
    """Return the sums of the sizes by key."""
    sums: dict[Key, int] = {}
    for key, size in facts:
        sums[key] = sums.get(key, 0) + size
    return sums


def hidden_in_tree(tree: "LayeredTree") -> tuple[HiddenFile, ...]:
    """Return every dead file that has bytes, in the order of paths and layers."""
    return tuple(_hidden_files(tree.index, tree.tables, _hiding_occurrences(tree)))


def _hiding_occurrences(tree: "LayeredTree") -> dict[int, int]:
    """Return, for each occurrence that wrote an entry and is not the last of its path, the next one."""
    firsts, rows = tree.index.firsts, tree.index.rows
    return {
        occurrence: occurrence + 1
        for node in tree.index.rewritten
        if node
        for occurrence in range(firsts[node], firsts[node + 1] - 1)
        if rows[occurrence] >= 0
    }


def _hidden_files(
    log: "Occurrences", tables: Mapping[int, EntryTable], hiding_occurrences: Mapping[int, int]
) -> Iterator[HiddenFile]:
    """Yield the dead files, given the occurrence that hid each occurrence.

    A file with hard links is hidden once all its names are: by the layer that hid the last of them and, if that layer
    hid its own path too, there.
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
            hiding_link = hiding_occurrences.get(link)
            if hiding_link is None:
                shown = True
            elif layers[hiding_link] > layers[last]:
                last = hiding_link
        if not shown:
            yield HiddenFile(file, last, size)
