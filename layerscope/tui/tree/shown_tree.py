"""The tree behind the rows: the layers of an image, or both sides of a comparison."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from layerscope.analysis.tree.layered_tree import TreeRow
from layerscope.analysis.tree.path_index import PathIndex


class ShownTree(Protocol):
    """A tree whose nodes have a state at each of its layers."""

    @property
    def index(self) -> PathIndex:
        """The paths."""
        ...

    @property
    def layers(self) -> tuple[int, ...]:
        """The numbers of the layers, ascending."""
        ...

    def is_shown(self, node: int, layer: int) -> bool:
        """Return whether the tree of the layer has the node."""
        ...

    def shown(self, nodes: Iterable[int], layer: int) -> Iterator[int]:
        """Yield those of the nodes that the tree of the layer has."""
        ...

    def shown_marks(self, nodes: range, layer: int) -> bytes:
        """Mark those of the nodes that the tree of the layer has."""
        ...

    def touched_marks(self, nodes: range, layer: int, *, copies: bool) -> bytes:
        """Mark those of the nodes that the layer itself changed, with ``copies`` also those that it holds again."""
        ...

    def row(self, node: int, layer: int) -> TreeRow | None:
        """Return the node as the tree of the layer has it, or None if it does not."""
        ...

    def size(self, node: int, layer: int) -> int:
        """Return the content bytes of a file, or below a directory."""
        ...

    def sizes(self, nodes: Iterable[int], layer: int) -> Iterator[int]:
        """Yield the content bytes of each node, as `size`."""
        ...
