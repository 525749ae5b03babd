"""The state of the explorer: the chosen step, the settings of the tree, and how much has been read."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from layerscope.model.image import Image, Layer, Step
from layerscope.session.reading.background import LayerProgress, LayerRead, LayersStacked
from layerscope.session.reading.stack import Tallies
from layerscope.tui.tree.settings import TreeSettings
from layerscope.tui.tree.state import no_rows_sentence, row_captions
from layerscope.tui.tree.visible_rows import Scope, VisibleRows

if TYPE_CHECKING:
    from layerscope.analysis.tree.layered_tree import LayeredTree


@dataclass(slots=True)
class Reading:
    """How much of the layers has been read: bytes by layer, and the layers that are complete."""

    done: dict[int, int] = field(default_factory=dict)
    finished: set[int] = field(default_factory=set)
    complete: bool = False
    failure: str | None = None


class ExplorerState:
    """One image in the explorer. ``marked`` is the layer to compare another one with, or 0."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self.settings = TreeSettings()
        self.reading = Reading(complete=not image.layers)
        self.tallies = Tallies()
        self.tree: LayeredTree | None = None
        self.show_empty_steps = True
        self.marked = 0
        self.step: Step | None = self._last_with_layer()

    def _last_with_layer(self) -> Step | None:
        steps = self.image.steps
        return next((step for step in reversed(steps) if step.layer), steps[-1] if steps else None)

    @property
    def steps(self) -> list[Step]:
        """The steps of the layer list, in build order."""
        return [step for step in self.image.steps if self.show_empty_steps or step.layer]

    @property
    def layer(self) -> int:
        """The layer whose tree is shown: that of the chosen step, or the last one before it; 0 if there is none."""
        reached = 0
        for step in self.image.steps:
            reached = step.layer or reached
            if step is self.step:
                break
        return reached

    def layer_of(self, step: Step) -> Layer | None:
        """Return the layer that a step made, or None."""
        return self.image.layers[step.layer - 1] if step.layer else None

    def choose_layer(self, layer: int) -> bool:
        """Choose the step that made a layer; return False if there is none."""
        step = next((step for step in self.image.steps if step.layer == layer), None)
        if step is None:
            return False
        self.step = step
        return True

    def take(self, event: LayerProgress | LayerRead) -> None:
        """Note how much has been read."""
        if isinstance(event, LayerProgress):
            self.reading.done[event.layer] = event.done
        else:
            self.reading.finished.add(event.layer)

    def take_tree(self, event: LayersStacked) -> None:
        """Show the tree of the layers that have been read; folders that are folded stay folded."""
        if self.tree is not None:
            self.settings.keep_folds(self.tree.index, event.tree.index)
        self.tree = event.tree
        self.tallies = event.tallies
        self.reading.complete = event.last

    @property
    def is_shown(self) -> bool:
        """True once the chosen layer has been read, even if layers before it have not."""
        return self.tree is not None and self.layer in self.tree.layers

    def rows(self) -> VisibleRows | None:
        """Return the rows of the tree, not built yet, or None while there is no tree."""
        if self.tree is None or not self.is_shown:
            return None
        view = self.settings.view(self.layer)
        if not self.is_marked:
            view = replace(view, scope=Scope.OWN, changes_only=False)
        return VisibleRows(self.tree, view, self.settings.folds)

    @property
    def title(self) -> str:
        """The layer that the tree belongs to."""
        return f"Files after layer {self.layer}" if self.layer else "Files"

    @property
    def is_marked(self) -> bool:
        """True once all layers up to the chosen one have been read: only then are its changes known."""
        return self.layer in self.tallies.layers

    def captions(self, rows: VisibleRows) -> list[str]:
        """Return the words below the tree: also which of the two trees it is."""
        waiting = [] if self.is_marked else ["previous layers are still being read"]
        return [*waiting, rows.view.scope.value, *row_captions(rows)]

    def why_no_tree(self) -> str:
        """Return the sentence that is shown while there is no tree."""
        if not self.image.layers:
            return "This image has no layers."
        if not self.layer:
            return "There is no layer at this step yet."
        return self.reading.failure or f"Layer {self.layer} is being read."

    def why_no_rows(self, rows: VisibleRows) -> str:
        """Return the sentence that is shown when the tree of a layer has no rows."""
        tally = self.tallies.layers.get(rows.view.layer)
        if rows.view.query is None and tally is not None and tally.error:
            return f"Layer {rows.view.layer}: {tally.error}"
        if rows.view.query is None and (rows.view.changes_only or rows.view.scope is Scope.OWN):
            return "This layer holds no changes." if rows.view.changes_only else "This layer is empty."
        return no_rows_sentence(rows)

    @property
    def digest(self) -> str | None:
        """The digest of the chosen layer, or else its diff_id."""
        layer = self.layer_of(self.step) if self.step else None
        return str(layer.digest or layer.diff_id or "") if layer else None

    def toggle_empty_steps(self) -> None:
        """Show or hide the steps that made no layer. If one of them is chosen, choose the layer before it instead."""
        self.show_empty_steps = not self.show_empty_steps
        if self.step is not None and not self.step.layer and not self.choose_layer(self.layer):
            self.step = self.steps[0] if self.steps else None
