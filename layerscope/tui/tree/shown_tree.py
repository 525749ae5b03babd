"""What the rows of a tree are made from: the layers of an image, or both sides of a comparison."""

from typing import Protocol

from layerscope.analysis.tree.layered_tree import TreeRow
from layerscope.analysis.tree.path_index import PathIndex


class ShownTree(Protocol):
    """A tree that can be asked what any of its nodes is at one of its layers."""

    @property
    def index(self) -> PathIndex:
        """The paths."""
        ...

    @property
    def layers(self) -> tuple[int, ...]:
        """The numbers of the layers, ascending."""
        ...

    def is_shown(self, node: int, layer: int) -> bool:
        """Tell whether the tree of the layer shows the node."""
        ...

    def row(self, node: int, layer: int) -> TreeRow | None:
        """Return the node as the tree of the layer shows it, or None where it does not."""
        ...

    def size(self, node: int, layer: int) -> int:
        """Return the content bytes of a file, or below a directory."""
        ...
