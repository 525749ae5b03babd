"""What the explorer shows: which step, which view of the tree, how far the reading has come. No widget knows more."""

from dataclasses import dataclass, field

from layerscope.analysis.layered_tree import LayeredTree
from layerscope.analysis.query import Query
from layerscope.analysis.visible_rows import Folds, Scope, Sort, View, VisibleRows
from layerscope.model.image import Image, Layer, Step
from layerscope.session.background import LayerProgress, LayerRead, LayersStacked
from layerscope.session.stack import Tallies


@dataclass(slots=True)
class Reading:
    """How far the layers have been read."""

    done: dict[int, int] = field(default_factory=dict)
    finished: set[int] = field(default_factory=set)
    complete: bool = False
    failure: str | None = None


class ExplorerState:
    """One image in the explorer."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self.reading = Reading(complete=not image.layers)
        self.tallies = Tallies()
        self.tree: LayeredTree | None = None
        self.show_empty_steps = True
        self.step: Step | None = self._last_with_layer()
        self.scope = Scope.MERGED
        self.changes_only = False
        self.sort = Sort.NAME
        self.query: Query | None = None
        self.columns = 0
        self._folds = Folds()
        self._filter_folds = Folds()

    def _last_with_layer(self) -> Step | None:
        steps = self.image.steps
        return next((step for step in reversed(steps) if step.layer), steps[-1] if steps else None)

    @property
    def steps(self) -> list[Step]:
        """The steps that the layer list shows, in build order."""
        return [step for step in self.image.steps if self.show_empty_steps or step.layer]

    @property
    def layer(self) -> int:
        """The layer whose tree is shown: that of the chosen step, or the last one before it; 0 where there is none."""
        reached = 0
        for step in self.image.steps:
            reached = step.layer or reached
            if step is self.step:
                break
        return reached

    def layer_of(self, step: Step) -> Layer | None:
        """Return the layer that a step made."""
        return self.image.layers[step.layer - 1] if step.layer else None

    def choose_layer(self, layer: int) -> bool:
        """Choose the step that made a layer; False where there is none."""
        step = next((step for step in self.image.steps if step.layer == layer), None)
        if step is None:
            return False
        self.step = step
        return True

    def take(self, event: LayerProgress | LayerRead) -> None:
        """Take in how far the reading has come."""
        if isinstance(event, LayerProgress):
            self.reading.done[event.layer] = event.done
        else:
            self.reading.finished.add(event.layer)

    def take_tree(self, event: LayersStacked) -> None:
        """Take in the layers as one tree; what is folded stays folded."""
        if self.tree is not None:
            for folds in (self._folds, self._filter_folds):
                folds.toggled = _carried_over(folds.toggled, self.tree, event.tree)
        self.tree = event.tree
        self.tallies = event.tallies
        self.reading.complete = event.last

    @property
    def is_settled(self) -> bool:
        """Whether all layers up to the chosen one have been read, so that its marks can be told."""
        return self.layer in self.tallies.layers

    @property
    def is_shown(self) -> bool:
        """Whether there is a tree to show for the chosen layer: one that is read, be it without those below it."""
        return self.tree is not None and self.layer in self.tree.layers

    @property
    def folds(self) -> Folds:
        """The folds that are in force: a filter has its own."""
        return self._folds if self.query is None else self._filter_folds

    def filter(self, query: Query | None) -> None:
        """Look for something, or for nothing any more."""
        self.query = query
        self._filter_folds = Folds()

    def reveal(self, node: int) -> None:
        """Open the folders above a node."""
        if self.tree is not None:
            for folder in self.tree.index.ancestors(node):
                self.folds.set(folder, self.tree.index.depths[folder], open_it=True)

    def rows(self) -> VisibleRows | None:
        """Return the rows of the tree as they are asked for, still to be built; None where there is no tree yet."""
        if self.tree is None or not self.is_shown:
            return None
        scope = self.scope if self.is_settled else Scope.OWN
        view = View(self.layer, scope, self.changes_only and self.is_settled, self.sort, self.query)
        return VisibleRows(self.tree, view, self.folds)

    def open_to(self, depth: int) -> None:
        """Open all folders above a depth, and fold all others."""
        self.folds.depth = depth
        self.folds.toggled.clear()


def _carried_over(nodes: set[int], old: LayeredTree, new: LayeredTree) -> set[int]:
    found = (new.index.find(old.index.path(node)) for node in nodes)
    return {node for node in found if node is not None}
