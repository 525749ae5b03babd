"""The parts of the explorer beside its files: the title, the layers, the details of the chosen step, the way back."""

from collections.abc import Callable
from typing import NamedTuple

from layerscope.analysis.tree.tally import Tallies
from layerscope.model.image import Image
from layerscope.session.image_session import ImageSession
from layerscope.session.summary import dead_words, engine_words, size_words
from layerscope.text import human_size, plural, printable_name
from layerscope.tui.drawing.cells import excerpt
from layerscope.tui.drawing.glyphs import glyphs_of
from layerscope.tui.explorer.layer_lines import LayerLines, layer_columns
from layerscope.tui.explorer.layer_list import LayerList
from layerscope.tui.explorer.state import ExplorerState, Exporting, Reading
from layerscope.tui.explorer.step_fields import image_fields, rare_fields
from layerscope.tui.size.state import ALL_SECRETS, SizeView
from layerscope.tui.tree.panes import FilesPanes
from layerscope.tui.tree.view import Scope, TreeSnapshot
from layerscope.tui.widgets.title_line import Fact, TitleLine
from layerscope.work import pause_words


class ImageTitle(TitleLine):
    """The image, its size, its dead bytes, and how much has been read.

    The platform is left out first, unless there are others: the details of the image show it, too.
    """

    def __init__(self, session: ImageSession) -> None:
        super().__init__("")
        self.take(session)

    def take(self, session: ImageSession) -> None:
        """Take the image to name, and its position among the images of its source."""
        self.secrets = 0
        image, position, count = session.image, session.position, len(session.choices)
        of_several = "" if count == 1 or position is None else f" ({position + 1} of {count:,})"
        self._platform_rank = 6 if of_several else 1
        self._image_name = excerpt(image.name)
        self._image = image
        self._engine = engine_words(image)
        self._platform = excerpt(str(image.platform)) + of_several
        stored = "" if image.blob_size is None else f", {human_size(image.blob_size)} stored"
        self._stored = f"{plural(len(image.layers), 'layer')}{stored}"

    def show_reading(self, tallies: Tallies, reading: Reading) -> None:
        """Show what is known so far."""
        warnings = len(self._image.warnings)
        secrets = f"{glyphs_of(self).warning} {plural(self.secrets, 'secret')}" if self.secrets else ""
        self.show(
            [
                Fact(self._platform, self._platform_rank),
                Fact(self._engine, 2),
                *self._sizes(tallies, reading),
                Fact(secrets, 10, is_alarming=True, action=f"size({SizeView.OVERVIEW}, {ALL_SECRETS})"),
                Fact(plural(warnings, "warning") if warnings else "", 5),
            ],
            self._image_name,
        )

    def _sizes(self, tallies: Tallies, reading: Reading) -> list[Fact]:
        """Return the size and the dead bytes, or how much has been read."""
        if reading.failure:
            return [Fact(reading.failure, 9)]
        if reading.export:
            layers, words = plural(len(self._image.layers), "layer"), _export_words(self._image, reading.export)
            return [Fact(layers, 9), Fact(words, 8)]
        if not reading.complete:
            return [Fact(f"{self._stored}, {reading.words}", 9)]
        size, dead = human_size(tallies.content_size), tallies.dead_size
        return [
            Fact(size_words(self._image, tallies), 9, short=size, short_rank=4),
            Fact(
                dead_words(tallies),
                8,
                short=f"{human_size(dead)} dead" if dead else "",
                short_rank=3,
                action=f"size({SizeView.DEAD})",
            ),
        ]


def _export_words(image: Image, export: Exporting) -> str:
    """Return how far the export is: an engine may prepare it for minutes before the first byte."""
    total = f" of {human_size(export.total)}" if export.total else ""
    if image.fetch is not None:
        rate = f"{human_size(export.done // max(1, export.seconds))}/s"
        return f"fetching: {human_size(export.done)}{total}, {pause_words() or rate}"
    if not export.done:
        what = "prepares the export" if _is_exported(image) else "sends the writable layer"
        return f"{image.source} {what}, {export.seconds} s"
    return f"exporting: {human_size(export.done)}{total}, {export.seconds} s"


def _is_exported(image: Image) -> bool:
    """Return whether an engine exports the layers of an image, or has only the own layer of a container to send."""
    layers = [layer for layer in image.layers if not layer.writable]
    return any(layer.blob is None and layer.unpacked is None for layer in layers)


class LayerPanes:
    """Shows the state of the explorer in its title and in the panes on the left."""

    def __init__(self, state: ExplorerState, title: ImageTitle, layers: LayerList, panes: FilesPanes) -> None:
        self.state = state
        self._title = title
        self._layers = layers
        self._panes = panes
        self._shows_image = False

    def show(self) -> None:
        self.show_layers()
        self.show_details()
        self.show_title()

    def show_layers(self, cursor: int | None = None) -> None:
        """Show the layers, with the cursor on an item, or on the chosen step."""
        state = self.state
        columns = layer_columns(state.image, state.tallies)
        self._layers.show(LayerLines(state), columns, state.item if cursor is None else cursor)

    def show_details(self) -> None:
        """Show the details of the chosen step, or of the image."""
        state, step = self.state, self.state.step
        if self._shows_image or step is None:
            fields = image_fields(state.image, state.tallies, state.sbom, state.registry)
            rare = rare_fields(step, state.layer_of(step)) if step is not None else []
            self._panes.show_details("Image", [*fields, *rare])
        else:
            title = f"Layer {step.layer}" if step.layer else "Step without a layer"
            self._panes.show_details(title, state.fields(step))

    def show_title(self) -> None:
        """Show how much has been read, and what the marked layer is for."""
        state = self.state
        self._title.show_reading(state.tallies, state.reading)
        hint = f"D compares another layer with layer {state.marked}" if state.marked else ""
        self._panes.title_steps("Layers", hint)

    def after_move(self) -> None:
        self._shows_image = False
        # The details change the layout, which takes longer than the tree: they follow in the next picture.
        self._panes.call_after_refresh(self.show_details)

    def toggle_image(self) -> None:
        """Show the details of the image, or of the step."""
        self._shows_image = not self._shows_image
        self.show_details()
        if self._panes.hides_details:
            self._panes.go_to(self._layers)

    def light_up(self) -> None:
        """Light up the layer that last wrote the path under the cursor, while that of the files moves."""
        files = self._panes.files.file_tree
        self._layers.light_up(self.state.writing_layer(files.node) if files.has_focus else 0)


class Visit(NamedTuple):
    """The state of the explorer: the chosen step, the view of its tree, the filter, the path under the cursor.

    ``top`` and ``steps_top`` are the first lines on the screen, of the tree and of the layers.
    ``reopen`` opens the screen from which the next visit was made; None if that was the explorer itself.
    """

    position: int
    tree: TreeSnapshot
    filter_text: str
    path: bytes | None
    top: int
    steps_top: int
    is_in_tree: bool
    reopen: Callable[[], None] | None


class Visits:
    """The stack of visits to the panes of the explorer."""

    def __init__(self, panes: FilesPanes) -> None:
        self._panes = panes
        self._visits = list[Visit]()

    def __bool__(self) -> bool:
        return bool(self._visits)

    def keep(self, state: ExplorerState, reopen: Callable[[], None] | None = None) -> None:
        """Keep what is on the screen, to come back to it."""
        files = self._panes.files
        self._visits.append(
            Visit(
                state.position,
                state.settings.snapshot,
                files.filter_text,
                files.path if files.file_tree.cursor else None,
                files.file_tree.scroll_offset.y,
                self._panes.steps.scroll_offset.y,
                files.file_tree.has_focus or files.is_filtering,
                reopen,
            )
        )

    def drop(self, state: ExplorerState, scope: Scope) -> bool:
        """Drop the last visit if it was to this view of the chosen step, and return whether it was."""
        last = self._visits[-1] if self._visits else None
        is_there = last is not None and (last.position, last.tree.scope, last.reopen) == (state.position, scope, None)
        if is_there:
            self._visits.pop()
        return is_there

    def go_back(self, state: ExplorerState) -> Visit:
        """Choose the step of the last visit, show its tree and cursor, and return it."""
        visit = self._visits.pop()
        state.choose_position(visit.position)
        self._panes.go_to(self._panes.files.file_tree if visit.is_in_tree else self._panes.steps)
        self._panes.files.go_back(visit.tree, visit.filter_text, visit.path, visit.top)
        return visit


def refreshed_sentence(before: Image, image: Image) -> str:
    """Return what to say of an image that was opened again; a container changes without another config."""
    sentence = f"{printable_name(image.name)} was read again"
    if image.container is not None or image.config_digest is None:
        return f"{sentence}."
    return f"{sentence}: it is {'unchanged' if image.config_digest == before.config_digest else 'another image now'}."
