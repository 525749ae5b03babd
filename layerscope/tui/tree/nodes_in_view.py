"""The nodes that a view of a tree has, in folded folders or not."""

from collections.abc import Iterable, Iterator

from layerscope.analysis.tree.marks import either, marked
from layerscope.tui.tree.shown_tree import ShownTree
from layerscope.tui.tree.view import Scope, View

_NODES_A_BATCH = 1 << 14
_REPEATED_A_BATCH = 512


class NodesInView:
    """The nodes of one layer's tree, of its changes, or of what it holds. Call `find` before anything else."""

    def __init__(self, tree: ShownTree, view: View) -> None:
        self.tree = tree
        self._layer = view.layer
        self._changes_only = view.changes_only
        self._is_own = view.scope is Scope.OWN and not view.changes_only
        self._above_repeated: set[int] | None = None
        self._marks = bytearray()
        """By node: whether the view has it. A view may never need them, so that they are found by `mark_all`."""

    def has_same_nodes(self, other: "NodesInView") -> bool:
        """Return whether both have the same nodes."""
        return self.tree is other.tree and self.kind == other.kind

    @property
    def kind(self) -> tuple[int, bool, bool]:
        """The layer, and what of it the view has."""
        return self._layer, self._changes_only, self._is_own

    def find(self) -> Iterator[None]:
        """Find the folders above paths that the layer only repeats: it may hold no entry for them."""
        if self._above_repeated is not None or not self._is_own:
            return
        index, above = self.tree.index, set[int]()
        for count, node in enumerate(index.repeated(self._layer)):
            if not count % _REPEATED_A_BATCH:
                yield
            for folder in index.ancestors(node):
                if folder in above:
                    break
                above.add(folder)
        self._above_repeated = above

    def mark_all(self) -> Iterator[None]:
        """Look at all nodes, so that each can be looked up from then on; goes on where it was left before."""
        count, marks = len(self.tree.index), self._marks
        while len(marks) < count:
            marks += self._marks_of(range(len(marks), min(len(marks) + _NODES_A_BATCH, count)))
            if len(marks) < count:
                yield
            else:
                for folder in self._above_repeated or ():
                    marks[folder] = 1

    def _marks_of(self, nodes: range) -> bytes:
        """Mark those of the nodes that the view has, except for the folders above repeated ones."""
        if not self._is_own and not self._changes_only:
            return self.tree.shown_marks(nodes, self._layer)
        itself = self.tree.touched_marks(nodes, self._layer, copies=self._is_own)
        return either(itself, marked(nodes, self.tree.index.folders_touched(nodes, self._layer)))

    def those_of(self, nodes: Iterable[int]) -> Iterator[int]:
        """Yield those of the nodes that the view has."""
        marks = self._marks
        if len(marks) == len(self.tree.index):
            return (node for node in nodes if marks[node])
        if self._is_own or self._changes_only:
            return self.tree.index.touched(nodes, self._layer, self._is_above, copies=self._is_own)
        return self.tree.shown(nodes, self._layer)

    def _is_above(self, folder: int) -> bool:
        """Return whether the layer has anything below a folder."""
        is_above_copy = self._above_repeated is not None and folder in self._above_repeated
        return is_above_copy or self.tree.index.touches_below(folder, self._layer)

    @property
    def marks(self) -> bytearray:
        """By node: 1 if the view has it. Complete after `mark_all`."""
        return self._marks
