"""Dead bytes: regular files that a layer holds and that the final image does not show.

Records of the weighing are named tuples: they are eight times as quick to define as frozen dataclasses, which came to a
tenth of the time that ``why`` adds to a listing, and there may be a hundred thousand dead files.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple, TypeVar

from layerscope.analysis.content import Digests
from layerscope.analysis.size.dead_reason import DeadReason, DeadReasons
from layerscope.analysis.size.hidden import HiddenFile, hidden_in_overlay
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.node_paths import NodePaths
from layerscope.analysis.tree.overlay import Overlay

Key = TypeVar("Key")


class DeadEntry(NamedTuple):
    """A dead regular file: ``size`` bytes that layer ``writer`` holds and layer ``hidden_by`` was the first to hide.

    ``reason`` is None where the bytes that would tell it cannot be read. ``node`` is the path in the path index,
    ``occurrence`` the file, ``hiding_occurrence`` the one that hid its last name, which may be a
    hard link's.
    """

    path: bytes
    size: int
    writer: int
    hidden_by: int
    reason: DeadReason | None
    node: int
    occurrence: int
    hiding_occurrence: int


@dataclass(frozen=True)
class DeadBytes:
    """All dead files of an image, the largest first. Where a layer could not be read: as far as can be seen."""

    entries: tuple[DeadEntry, ...] = ()

    @cached_property
    def total(self) -> int:
        """All dead bytes."""
        return sum(entry.size for entry in self.entries)

    @cached_property
    def by_reason(self) -> Mapping[DeadReason | None, int]:
        """The dead bytes by reason."""
        return _sums(map(attrgetter("reason", "size"), self.entries))

    @cached_property
    def by_writer(self) -> Mapping[int, int]:
        """The dead bytes by the layer that wrote them."""
        return _sums(map(attrgetter("writer", "size"), self.entries))

    @cached_property
    def by_hiding_layer(self) -> Mapping[int, int]:
        """The dead bytes by the layer that hid them."""
        return _sums(map(attrgetter("hidden_by", "size"), self.entries))

    @cached_property
    def _by_node(self) -> list[DeadEntry]:
        return sorted(self.entries, key=_node)

    def below(self, node: int, end: int) -> list[DeadEntry]:
        """Return the dead files from a node to before another: with `PathIndex.ends`, those of a folder."""
        return self._by_node[bisect_left(self._by_node, node, key=_node) : bisect_left(self._by_node, end, key=_node)]


_node = attrgetter("node")


def _sums(facts: Iterable[tuple[Key, int]]) -> dict[Key, int]:
    """Return the sizes added up by what they belong to."""
    sums: dict[Key, int] = {}
    for key, size in facts:
        sums[key] = sums.get(key, 0) + size
    return sums


def dead_sizes(overlay: Overlay) -> dict[int, int]:
    """Return by layer the bytes that it wrote and that are dead; layers without any are left out."""
    return _sums((overlay.layers[hidden.file], hidden.size) for hidden in hidden_in_overlay(overlay))


def dead_bytes(tree: LayeredTree, hidden: Iterable[HiddenFile], digests: Digests) -> DeadBytes:
    """Return the dead files with their causes; it takes digests of what `rewritten_pairs` gives.

    They come in the order of paths and layers, and stay in it where they are of one size.
    """
    index, reasons, path = tree.index, DeadReasons(tree, digests), NodePaths(tree.index)
    entries = []
    for one in hidden:
        file, hiding_occurrence, size = one
        node = index.node_of(file)
        hidden_by = index.layers[hiding_occurrence]
        entries.append(
            DeadEntry(path(node), size, index.layers[file], hidden_by, reasons.of(one), node, file, hiding_occurrence)
        )
    entries.sort(key=attrgetter("size"), reverse=True)
    return DeadBytes(tuple(entries))
