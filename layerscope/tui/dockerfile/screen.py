"""The Dockerfile view: each line with its layer and its cost. Enter goes to the layer."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.events import Resize
from textual.getters import query_one
from textual.message import Message
from textual.widgets import Static

from layerscope.analysis.advice.advice import Advice
from layerscope.errors import LayerscopeError
from layerscope.session.dockerfile.lines import layers_text, unplaced_layers
from layerscope.session.dockerfile.remembered_build import RememberedBuild
from layerscope.session.dockerfile.what_if import WhatIf
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.text import human_size, plural, printable_line, signed_size
from layerscope.tui.dialogs.help import HelpScreen
from layerscope.tui.dockerfile.rows import DockerfileRows
from layerscope.tui.drawing.glyphs import glyphs_of
from layerscope.tui.keys.order import LeftOnce
from layerscope.tui.keys.table import HELP, QUIT, Key, KeyGroup, bindings
from layerscope.tui.services import warn
from layerscope.tui.widgets.key_line import KeyLine
from layerscope.tui.widgets.line_list import LineList
from layerscope.tui.widgets.row_table import RowTable, Target

DOCKERFILE_KEYS = (
    HELP,
    Key("escape,F", "dismiss", "back", "Go back to the explorer", id="dockerfile.back", rank=10),
    Key(
        "enter,right,l",
        "choose",
        "layer",
        "Show the advice on the line, or the layers of the base image; then go to the layer that the line made",
        id="dockerfile.choose",
        rank=20,
    ),
    Key("left,h", "fold", "fold", "Hide advice and the layers of the base image, or go back", id="dockerfile.fold"),
    Key(
        "f",
        "origin",
        "origin",
        "From COPY --from, go to the line that wrote the files",
        id="dockerfile.origin",
        rank=30,
    ),
    Key(
        "m",
        "edit",
        "edit",
        "Mark the line: merged with the previous layer, dropped, or neither; see what the image would cost",
        id="dockerfile.mark",
        rank=35,
    ),
    QUIT.at(40),
)
DOCKERFILE_TABLE = (KeyGroup("The Dockerfile", DOCKERFILE_KEYS), KeyGroup("In any list", LineList.KEYS))


_MOST_DETAIL_LINES, _DETAIL_PADDING = 5, 2
"""The most lines of the details of a line, and the cells beside them."""


class DockerfileScreen(LeftOnce[Target | None]):
    """The Dockerfile of an image. Its result is the layer that the user wants to see, or None.

    The ``rows`` outlive the screen: the next one on them shows what this one showed last.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(DOCKERFILE_KEYS)
    DEFAULT_CSS = """
    DockerfileScreen {
        background: $background;
        #source { height: auto; max-height: 3; padding: 0 1; background: $panel; text-style: bold; }
        #dockerfile-frame { height: 1fr; border: $frame $primary; border-title-style: bold; }
        #titles { height: 1; color: $foreground 60%; }
        #what-if { height: auto; padding: 0 1; background: $panel; text-style: bold; }
        #detail { padding: 0 1; }
    }
    """

    table = query_one(RowTable)

    @dataclass
    class Advised(Message):
        """The advice on the image was worked out."""

        advice: Sequence[Advice]

    def __init__(self, rows: DockerfileRows, analysis: SizeAnalysis, build: RememberedBuild | None = None) -> None:
        super().__init__()
        self._rows, self._placed, self._analysis = rows, rows.placed, analysis
        self._opened = opened = analysis.loaded
        shared = build.report.shared_layers if build else None
        self._knows_previous = shared is not None
        self._what_if = WhatIf(opened, len(opened.image.layers) if shared is None else shared)

    def compose(self) -> ComposeResult:
        yield Static(self._source(), id="source", markup=False)
        frame = Container(Static("", id="titles", markup=False), RowTable(wraps=True), id="dockerfile-frame")
        frame.border_title = "Dockerfile"
        yield frame
        yield Static("", id="what-if", markup=False)
        yield Static("", id="detail", markup=False)
        yield KeyLine(DOCKERFILE_TABLE)

    def on_mount(self) -> None:
        """Show the lines with the cursor where the rows have it."""
        self._show(self._rows.cursor)
        self.set_focus(self.table)
        self.refresh_bindings()
        self._advise()

    @work(thread=True, exit_on_error=False, group="advice")
    def _advise(self) -> None:
        with suppress(LayerscopeError):
            self.post_message(self.Advised(self._analysis.report.advice))

    @on(Advised)
    def _on_advised(self, message: Advised) -> None:
        self._rows.cursor = self.table.cursor
        self._rows.advise(message.advice)
        self._show(self._rows.cursor)

    def on_resize(self, event: Resize) -> None:
        if event.size.width != self._rows.width:
            self._rows.width = event.size.width
            self._show(self.table.cursor)

    def _source(self) -> Text:
        base = [f"base {printable_line(self._placed.base)}"] if self._placed.base else []
        parts = [printable_line(self._opened.image.name), self._placed.confidence, *base]
        unplaced = unplaced_layers(self._placed, self._opened.image, self._opened.tallies)
        if unplaced.layers:
            parts.append(f"no line for layer {layers_text(unplaced.layers)}, {human_size(unplaced.content_size)}")
        return Text(f" {glyphs_of(self).separator} ".join(parts), overflow="fold")

    def _show(self, cursor: int) -> None:
        self.table.show(self._rows.columns, self._rows, cursor)
        self._show_titles()
        what_if = self.query_one("#what-if", Static)
        what_if.display = bool(self._rows.edits)
        what_if.update(Text(self._planned() if self._rows.edits else "", overflow="fold"))
        self._reserve_detail()
        self._show_detail()

    def _reserve_detail(self) -> None:
        """Give the details the lines of the longest ones: the table must not move when another line is chosen."""
        width = max(1, self.app.size.width - _DETAIL_PADDING)
        # a line may have megabytes: more than fills the lines does not count
        details = (self._rows[item].detail[: width * _MOST_DETAIL_LINES] for item in range(len(self._rows)))
        lines = max((len(Text(detail).wrap(self.app.console, width)) for detail in details), default=1)
        self.query_one("#detail").styles.height = min(lines, _MOST_DETAIL_LINES)

    @on(RowTable.Fitted)
    def _show_titles(self) -> None:
        self.query_one("#titles", Static).update(self.table.titles())

    def _planned(self) -> str:
        """Return what the image would cost with the edited layers."""
        before, after = self._opened.tallies.content_size, self._what_if.planned(self._rows.edits.plan)
        if before is None or after is None:
            return "With these edits: unknown, because a layer could not be read"
        glyphs = glyphs_of(self)
        change = signed_size(after.content_size - before)
        sizes = f"{human_size(before)} {glyphs.arrow} {human_size(after.content_size)} ({change})"
        image = "the image that had the tag before" if self._knows_previous else "this image"
        pull = f"a node that has it pulls ~{human_size(after.pull_size)}"
        if after.pull_size is None:
            pull = "what a node pulls is unknown: the layers are not stored compressed"
        return f" {glyphs.separator} ".join(
            (
                f"With these edits: {sizes}",
                f"{plural(after.shared, 'layer')} shared with {image}",
                pull,
            )
        )

    @on(LineList.Moved)
    def _show_detail(self) -> None:
        self._rows.cursor = self.table.cursor
        row = self.table.row
        self.query_one("#detail", Static).update(Text(row.detail if row else "", overflow="fold"))

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(DOCKERFILE_TABLE))

    @on(RowTable.Chosen)
    def action_choose(self) -> None:
        """Show what belongs to the line below it, or go to its layer."""
        row = self.table.row
        if self._rows.can_unfold(self.table.cursor):
            line = self._rows.line_at(self.table.cursor)
            self._rows.toggle(line)
            self._show(self._rows.row_of(line))
        elif row is not None and row.target is not None:
            self.dismiss(row.target)
        else:
            warn(self, "This line made no layer.")

    def action_fold(self) -> None:
        """Hide what shows below lines, or go back."""
        if self._rows.is_unfolded:
            line = self._rows.line_at(self.table.cursor)
            self._rows.fold()
            self._show(self._rows.row_of(line))
        else:
            self.dismiss()

    def action_edit(self) -> None:
        """Give the line under the cursor the next edit: to merge its layer with the one below, to drop it, or none."""
        cursor = self.table.cursor
        layer = self._rows.edits.layer_of(self._rows.line_at(cursor))
        if layer is None:
            warn(self, "Only a line that made a layer on the base image can be merged or dropped.")
        elif self._rows.edits.cycle(layer):
            self._show(cursor)
        else:
            warn(self, f"Layer {layer + 1} is merged into the layer of this line.")

    def action_origin(self) -> None:
        """Go from a COPY out of another stage to the line that wrote the files."""
        instruction = self._placed.instructions.get(self._rows.line_at(self.table.cursor))
        origin = self._placed.origin(instruction.line) if instruction else None
        if origin is None:
            warn(self, "Only COPY --from another stage leads to another line.")
        else:
            self.table.move_to(self._rows.row_of(origin))
