"""The state of the explorer: the chosen step, the settings of the tree, and how much has been read."""

import time
from bisect import bisect_left
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from msgspec.structs import replace

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.layered_tree import TreeRow
from layerscope.analysis.tree.tally import Tallies
from layerscope.model.image import Image, Layer, Step
from layerscope.model.progress import ExportProgress
from layerscope.session.reading.background import LayerProgress, LayerRead, LayersStacked
from layerscope.text import human_size, printable_line, whole_percent
from layerscope.tui.explorer.file_tree import OwnRows
from layerscope.tui.explorer.step_fields import copy_up_words, step_fields
from layerscope.tui.tree.entry_details import RowNotes
from layerscope.tui.tree.nodes_in_view import NodesInView
from layerscope.tui.tree.state import Caption, no_rows_sentence, row_captions
from layerscope.tui.tree.view import Scope, TreeSettings
from layerscope.tui.tree.visible_rows import DeadFile, VisibleRows
from layerscope.tui.widgets.field_list import Field

if TYPE_CHECKING:
    from layerscope.analysis.packages.package import Package
    from layerscope.analysis.packages.sbom import SbomComparison
    from layerscope.analysis.search.found_paths import FoundPath
    from layerscope.analysis.tree.layered_tree import LayeredTree
    from layerscope.model.provenance import RegistryFacts

_VIEWS_KEPT = 4
"""Each has a byte for each path of the image."""


class Reading:
    """The part of the layers that has been read, in stored bytes."""

    def __init__(self, layers: Sequence[Layer], *, is_awaited: bool) -> None:
        self.has_read_all = not layers
        self.failure: str | None = None
        self.export = Exporting() if is_awaited else None
        """The export of the image by its engine, until it has ended."""
        self._finished = set[int]()
        self._done = dict.fromkeys((layer.number for layer in layers), 0)
        self._measure(layers)

    def _measure(self, layers: Sequence[Layer]) -> None:
        self._knows_sizes = all(layer.blob_size is not None for layer in layers)
        self._sizes = {layer.number: layer.blob_size or 0 for layer in layers}
        self._total, self._total_done = sum(self._sizes.values()), sum(self._done.values())

    def end_export(self, layers: Sequence[Layer]) -> None:
        """Take the layers as the engine has exported them: now their sizes are known."""
        self.export = None
        self._done |= {layer.number: layer.blob_size or 0 for layer in layers if layer.number in self._finished}
        self._measure(layers)

    def take(self, event: LayerProgress | LayerRead | ExportProgress) -> None:
        """Note how much of a layer has been read, or how much of the export has come."""
        if isinstance(event, ExportProgress):
            if self.export:
                self.export.done, self.export.total = event.done, event.total
            return
        size = self._sizes[event.layer]
        if isinstance(event, LayerRead):
            self._finished.add(event.layer)
        done = min(size, event.done) if isinstance(event, LayerProgress) else size
        self._total_done += done - self._done[event.layer]
        self._done[event.layer] = done

    @property
    def complete(self) -> bool:
        """True once all layers have been read, of an image that is here."""
        return self.has_read_all and self.export is None

    @property
    def words(self) -> str:
        """The share of the image that has been read, or the number of layers where the size of one is not known."""
        if self._knows_sizes:
            return f"reading {whole_percent(self._total_done / max(1, self._total))}"
        return f"{len(self._finished):,} read"

    def share_of(self, layer: int) -> float:
        return 1.0 if layer in self._finished else self._done[layer] / max(1, self._sizes[layer])


class Exporting:
    """An export that is under way: bytes so far, the engine's estimate of all, and the time since its start."""

    def __init__(self) -> None:
        self.done = 0
        self.total: int | None = None
        self._started = time.monotonic()

    @property
    def seconds(self) -> int:
        """The whole seconds since the start."""
        return int(time.monotonic() - self._started)


class ExplorerState:
    """One image in the explorer. ``marked`` is the layer to compare another one with, or 0.

    An image may have 100,000 steps: no property looks through all of them.
    """

    def __init__(self, image: Image, *, is_awaited: bool = False) -> None:
        self.settings = TreeSettings()
        self.reading = Reading(image.layers, is_awaited=is_awaited)
        self.tallies = Tallies()
        self.tree: LayeredTree | None = None
        self._in_views = deque[NodesInView](maxlen=_VIEWS_KEPT)
        """The nodes of the last views of the tree: a million of them take a tenth of a second to find."""
        self.packages: Mapping[int, Package] = {}
        self.sbom: SbomComparison | None = None
        self.dead_files = list[DeadFile]()
        """In the order of nodes, once all layers have been read and compared."""
        self.has_asked_registry = False
        self.registry: RegistryFacts | None = None
        """The registry's facts about the image, once it has been asked."""
        self.marked = 0
        self._take_steps(image)

    def _take_steps(self, image: Image) -> None:
        self.image = image
        layers = [step.layer or 0 for step in image.steps]
        self._layers_reached = [*accumulate(layers, max)]
        self._positions = {layer: position for position, layer in reversed(list(enumerate(layers))) if layer}
        self._listed: Sequence[int] = range(len(layers))
        self._position = max(self._positions.values(), default=len(layers) - 1)

    def take_image(self, image: Image) -> None:
        """Show the image as its engine has exported it; the chosen layer stays."""
        layer, is_listed_whole = self.layer, len(self._listed) == len(self.image.steps)
        self.reading.end_export(image.layers)
        self._take_steps(image)
        self.choose_layer(layer)
        if not is_listed_whole:
            self.toggle_empty_steps()

    @property
    def step_count(self) -> int:
        return len(self._listed)

    def step_at(self, item: int) -> Step:
        return self.image.steps[self._listed[item]]

    @property
    def item(self) -> int:
        """The position of the chosen step in the layer list."""
        return bisect_left(self._listed, self._position)

    @property
    def step(self) -> Step | None:
        return self.image.steps[self._position] if self._position >= 0 else None

    @property
    def layer(self) -> int:
        """The layer whose tree is shown: that of the chosen step, or the last one before it; 0 if there is none."""
        return self._layers_reached[self._position] if self._position >= 0 else 0

    def layer_of(self, step: Step) -> Layer | None:
        return self.image.layers[step.layer - 1] if step.layer else None

    def writing_layer(self, node: int | None) -> int:
        """Return the layer that last changed a node, as the chosen layer has it; without a node, the chosen layer."""
        writer = 0 if node is None or self.tree is None else self.tree.writing_layer(node, self.layer)
        return writer or self.layer

    @property
    def position(self) -> int:
        """The position of the chosen step among all steps."""
        return self._position

    def choose_position(self, position: int) -> None:
        """Choose a step by its position; one that is not listed is listed again."""
        self._position = position
        if self._position not in self._listed:
            self._listed = range(len(self.image.steps))

    def fields(self, step: Step) -> list[Field]:
        opaque = self.tree.index.hidden_by_opaque(step.layer) if self.tree is not None and step.layer else 0
        return step_fields(step, self.layer_of(step), self.tallies, self.image.storage, opaque=opaque)

    def choose_item(self, item: int) -> None:
        self._position = self._listed[item]

    def choose_layer(self, layer: int) -> bool:
        """Choose the step that made a layer; return False if there is none."""
        if layer not in self._positions:
            return False
        self._position = self._positions[layer]
        return True

    def take_tree(self, event: LayersStacked) -> None:
        """Show the tree of the layers that have been read; folders that are folded stay folded."""
        if self.tree is not None:
            self.settings.keep_folds(self.tree.index, event.tree.index)
        self.tree = event.tree
        self.dead_files = []
        self._in_views.clear()
        self.tallies = event.tallies
        self.reading.has_read_all = event.last

    def followed_by(self, image: Image) -> "ExplorerState":
        """Return the state for an image in place of this one: the same tree and settings until its layers are read.

        Of another image with fewer layers, the last one is chosen.
        """
        state = ExplorerState(image)
        state.settings, state.tree, state.tallies = self.settings, self.tree, self.tallies
        if len(self._listed) < len(self.image.steps):
            state.toggle_empty_steps()
        state.choose_layer(self.layer)
        return state

    def is_folder(self, node: int) -> bool:
        return self.tree is not None and self.tree.is_directory(node, self.layer)

    def origin_of(self, row: TreeRow) -> RowNotes:
        """Return what is known about a row: what a container did to it, the instruction that wrote it, its package."""
        package = self.packages.get(row.node)
        is_removed = row.change is ChangeKind.REMOVED
        writer = row.entry.layer if is_removed else self.writing_layer(row.node)
        position = self._positions.get(writer) if row.entry.row is not None else None
        return RowNotes(
            self._note_on(row),
            writer,
            "" if position is None else self.image.steps[position].title,
            printable_line(f"{package.name} {package.version} ({package.manager})") if package is not None else "",
        )

    def _note_on(self, row: TreeRow) -> str:
        """Return what a container did to a path of its image."""
        layer = self.image.layers[self.layer - 1] if self.layer else None
        if self.tree is None or layer is None or not layer.writable:
            return ""
        # 2 ms, and only a container has such copies
        from layerscope.analysis.tree.path_history import copy_up  # noqa: PLC0415

        copied = copy_up(self.tree, row.node, layer.number)
        return "" if copied is None else copy_up_words(copied)

    @property
    def is_shown(self) -> bool:
        """True once the chosen layer has been read, even if layers before it have not."""
        return self.tree is not None and self.layer in self.tree.layers

    def rows(self) -> VisibleRows | None:
        """Return the rows of the tree, not built yet, or None while there is no tree."""
        if self.tree is None or not self.is_shown:
            return None
        view = self.settings.view(self.layer)
        if not self.knows_changes:
            view = replace(view, scope=Scope.OWN)
        rows = (OwnRows if view.scope is Scope.OWN else VisibleRows)(self.tree, view, self.settings.folds)
        rows.dead_files = self.dead_files
        known = next(filter(rows.in_view.has_same_nodes, self._in_views), None)
        if known is None:
            self._in_views.append(rows.in_view)
        else:
            rows.in_view = known
        return rows

    @property
    def title(self) -> list[str]:
        """The layer that the tree belongs to, and how much it wrote if only that is shown."""
        if not self.layer:
            return ["Files"]
        if self.settings.scope is not Scope.OWN:
            return [f"Files after layer {self.layer}"]
        tally = self.tallies.layers.get(self.layer)
        if tally is None or self.tree is None:
            return [f"What layer {self.layer} changed"]
        hidden = next(self.tree.hidden_sizes((0,), self.layer))
        words = [f"hides {human_size(hidden)}, frees nothing"] if hidden else []
        return [f"What layer {self.layer} changed", human_size(tally.content_size), *words]

    @property
    def knows_changes(self) -> bool:
        """True once all layers up to the chosen one have been read: only then are its changes known."""
        return self.layer in self.tallies.layers

    def captions(self, rows: VisibleRows) -> list[Caption]:
        """Return the words below the tree: also which of the two trees it is."""
        waiting = [] if self.knows_changes else [Caption("previous layers are still being read")]
        return [*waiting, Caption(rows.view.scope.label, "scope"), *row_captions(rows)]

    def why_no_tree(self) -> str:
        """Return the sentence that is shown while there is no tree."""
        if not self.image.layers:
            return "This image has no layers."
        if not self.layer:
            return "There is no layer at this step yet."
        if self.reading.failure:
            return self.reading.failure
        return f"Layer {self.layer} {'has not come yet' if self.reading.export else 'is being read'}."

    def why_no_rows(self, rows: VisibleRows) -> str:
        """Return the sentence that is shown when the tree of a layer has no rows."""
        tally = self.tallies.layers.get(rows.view.layer)
        if rows.view.query is None and tally is not None and tally.error:
            return f"Layer {rows.view.layer}: {tally.error}"
        if rows.view.query is None and rows.view.scope is Scope.OWN:
            return "This layer is empty."
        matches, found = rows.matches, self.found_elsewhere(rows)
        if found is not None:
            hidden = f", hidden by layer {found.hidden_by}" if found.hidden_by else ""
            return f"0 here · 1 in layer {found.layer}{hidden} · Enter goes there"
        if matches is not None and matches.elsewhere:
            return f"0 here · {matches.elsewhere:,} in other layers · Enter lists them"
        return no_rows_sentence(rows)

    def found_elsewhere(self, rows: VisibleRows) -> "FoundPath | None":
        """Return the only match that is not in a tree as the last layer wrote it, or None if there are others."""
        if self.tree is None or rows.matches is None or rows.matches.elsewhere != 1:
            return None
        from layerscope.analysis.search.found_paths import changes_at  # noqa: PLC0415  # not before it is needed

        node = rows.matches.first_elsewhere
        found = [*changes_at(self.tree, node, self.tree.index.path(node))]
        return next((each for each in reversed(found) if not each.is_removal), None)

    @property
    def digest(self) -> str | None:
        """The digest of the chosen layer, or else its diff_id."""
        layer = self.layer_of(self.step) if self.step else None
        return str(layer.digest or layer.diff_id or "") if layer else None

    def toggle_empty_steps(self) -> None:
        """Show or hide the steps that made no layer. If one of them is chosen, choose the previous layer instead."""
        is_complete = len(self._listed) == len(self.image.steps)
        self._listed = sorted(self._positions.values()) if is_complete else range(len(self.image.steps))
        if self.step is not None and not self.step.layer and not self.choose_layer(self.layer):
            self._position = self._listed[0] if self._listed else -1
