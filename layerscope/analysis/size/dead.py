"""Dead bytes: regular files that a layer holds and that the final image does not show.

Records of the size analysis are named tuples. Defining one takes an eighth of the time of a frozen dataclass, which
came to a tenth of what ``why`` adds to a listing, and there may be a hundred thousand dead files.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from msgspec import Struct

from layerscope.analysis.content import Digests
from layerscope.analysis.size.dead_reason import DeadReason, DeadReasons
from layerscope.analysis.size.hidden import HiddenFile, sums_by_key
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.node_paths import NodePaths


class DeadEntry(NamedTuple):
    """A dead regular file: ``size`` bytes that layer ``writer`` holds and layer ``hidden_by`` was the first to hide.

    ``reason`` is None if it depends on bytes that cannot be read. ``node`` is the path in the path index,
    ``occurrence`` the file, and ``hiding_occurrence`` the one that hid its last name, which may be a hard link's.
    """

    path: bytes
    size: int
    writer: int
    hidden_by: int
    reason: DeadReason | None
    node: int
    occurrence: int
    hiding_occurrence: int


class DeadBytes(Struct, frozen=True, dict=True):
    """All dead files of an image, the largest first; of an incomplete image, those that the read layers show."""

    entries: tuple[DeadEntry, ...] = ()

    @cached_property
    def total(self) -> int:
        """All dead bytes."""
        return sum(entry.size for entry in self.entries)

    @cached_property
    def by_reason(self) -> Mapping[DeadReason | None, int]:
        """The dead bytes by reason."""
        return sums_by_key(map(attrgetter("reason", "size"), self.entries))

    @cached_property
    def by_writer(self) -> Mapping[int, int]:
        """The dead bytes by the layer that wrote them."""
        return sums_by_key(map(attrgetter("writer", "size"), self.entries))

    @cached_property
    def by_hiding_layer(self) -> Mapping[int, int]:
        """The dead bytes by the layer that hid them."""
        return sums_by_key(map(attrgetter("hidden_by", "size"), self.entries))

    @cached_property
    def _by_node(self) -> list[DeadEntry]:
        return sorted(self.entries, key=_node)

    def below(self, node: int, end: int) -> list[DeadEntry]:
        """Return the dead files from a node to before another: with `PathIndex.ends`, those of a folder."""
        return self._by_node[bisect_left(self._by_node, node, key=_node) : bisect_left(self._by_node, end, key=_node)]


_node = attrgetter("node")


def dead_bytes(tree: LayeredTree, hidden: Iterable[HiddenFile], digests: Digests) -> DeadBytes:
    """Return the dead files with their reasons, given digests of the files in `rewritten_pairs`.

    The hidden files come in the order of paths and layers; those of one size stay in it.
    """
    index, reasons, path = tree.index, DeadReasons(tree, digests), NodePaths(tree.index)
    entries = []
    for hidden_file in hidden:
        file, hiding_occurrence, size = hidden_file
        node, reason = index.node_of(file), reasons.of(hidden_file)
        hidden_by = index.layers[hiding_occurrence]
        entries.append(
            DeadEntry(path(node), size, index.layers[file], hidden_by, reason, node, file, hiding_occurrence)
        )
    entries.sort(key=attrgetter("size"), reverse=True)
    return DeadBytes(tuple(entries))
