"""The dialog that extracts files: asks for a folder, and shows the progress."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.getters import query_one
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, ProgressBar, Static
from textual.worker import get_current_worker

from layerscope.errors import LayerscopeError, ReadingStopped
from layerscope.extraction.extract import extract
from layerscope.extraction.options import Extracted, ExtractionOptions, FileInTheWay
from layerscope.extraction.plan import plan_extraction
from layerscope.session.files.revision import revision_at
from layerscope.session.loaded_image import LoadedImage
from layerscope.text import human_size, plural, printable_line, printable_name
from layerscope.tui.drawing.cells import cut_middle
from layerscope.tui.drawing.glyphs import glyphs_of
from layerscope.tui.keys.order import LeftOnce
from layerscope.tui.keys.table import Key, bindings
from layerscope.tui.keys.workers import start_detached
from layerscope.tui.services import services_of

_MOST_LEFT_OUT = 3
"""The number of skipped paths that are listed."""


_LONGEST_PATH = 240
"""Cells of a path that the dialog shows; a longer one is cut in the middle."""

_HINT = "Enter extracts, Tab and Space change options, Esc closes."

_REPLACE = "Choose to replace existing files, or enter another folder."

_KEYS = (
    Key("enter", "write", "Extract", id="extract.write"),
    Key("escape", "leave", "Stop, or close the dialog", id="extract.leave"),
)


class CheckboxLine(Static, can_focus=True):
    """One line that Space or a click toggles."""

    KEYS: ClassVar[tuple[Key, ...]] = (Key("space", "toggle_box", "Choose", id="choice.toggle"),)
    BINDINGS: ClassVar[list[BindingType]] = bindings(KEYS)
    DEFAULT_CSS = """
    CheckboxLine { height: 1; }
    CheckboxLine:focus { background: $primary 35%; }
    CheckboxLine:focus:ansi:nocolor { text-style: reverse; }
    """

    def __init__(self, label: str) -> None:
        super().__init__(markup=False)
        self._label = label
        self.is_on = False
        self._draw()

    def _draw(self) -> None:
        self.update(Text(f"[{'x' if self.is_on else ' '}] {self._label}"))

    def action_toggle_box(self) -> None:
        self.is_on = not self.is_on
        self._draw()

    def on_click(self) -> None:
        self.action_toggle_box()


class ExtractScreen(ModalScreen[None], LeftOnce[None]):
    """A panel that extracts a path, as it is after a layer or was before its removal; node 0 is for all files."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(_KEYS)
    DEFAULT_CSS = """
    ExtractScreen {
        align: center middle;
        #extract { width: 84; max-width: 96%; height: auto; max-height: 92%; background: $panel; padding: 0 1; }
        #extract { border: $frame $primary; }
        #extract > * { background: $panel; width: 1fr; }
        Input { height: 1; border: none; padding: 0; background: $background; }
        Input:focus { border: none; }
        ProgressBar { display: none; height: 1; }
        Bar { width: 1fr; }
        Bar > .bar--indeterminate { color: $primary; }
        &.-writing ProgressBar { display: block; }
        #plan { color: $foreground 80%; margin-bottom: 1; max-height: 6; }
        #error { display: none; margin-top: 1; max-height: 8; }
        #hint { margin-top: 1; }
        &.-failed #error { display: block; }
        #extract > CheckboxLine:focus { background: $primary 35%; }
    }
    """

    @dataclass
    class Progressed(Message):
        """Some of the bytes have been written."""

        done: int
        total: int

        def can_replace(self, message: Message) -> bool:
            """Let the last of several reports stand for all of them."""
            return isinstance(message, ExtractScreen.Progressed)

    @dataclass
    class Ended(Message):
        """Everything has been written, or nothing; then ``error`` says why, and ``hint`` what to do."""

        result: Extracted | None
        error: str = ""
        hint: str = _HINT

    @dataclass
    class Planned(Message):
        """The number of files to be written, and their content bytes."""

        files: int
        size: int

    force = query_one(CheckboxLine)
    bar = query_one(ProgressBar)

    def __init__(self, opened: LoadedImage, node: int, layer: int) -> None:
        super().__init__()
        self._opened = opened
        self._node = node
        revision = revision_at(opened, node, layer) if node else None
        self._layer = layer if revision is None else revision.at
        self._amount = ""
        self._has_begun = self._is_stopped = False

    def compose(self) -> ComposeResult:
        path = printable_name(self._opened.tree.index.path(self._node))
        files = f"/{cut_middle(path, _LONGEST_PATH, glyphs_of(self))}" if self._node else "all files"
        panel = Vertical(
            Static(Text(f"Extract {files} after layer {self._layer} into this folder:", overflow="fold")),
            Input("extracted", select_on_focus=True),
            Static("", id="plan", markup=False),
            CheckboxLine("replace existing files"),
            ProgressBar(show_eta=False),
            Static("", id="error", markup=False),
            Static(_HINT, id="hint", markup=False),
            id="extract",
        )
        panel.border_title = "Extract"
        yield panel

    def on_mount(self) -> None:
        """Say where the files will be, and count them."""
        self._show_plan()
        start_detached(self._count)

    def _count(self) -> None:
        plan = plan_extraction(self._opened.tree, [self._node], self._layer)
        self.post_message(self.Planned(len(plan.files), plan.size))

    @on(Planned)
    def _on_planned(self, message: Planned) -> None:
        self._amount = f"{plural(message.files, 'file')}, {human_size(message.size)}"
        self._show_plan()

    @on(Input.Changed)
    def _show_plan(self) -> None:
        """Show the absolute target, and what will be written there: the path in the image is kept below it."""
        target = self.query_exactly_one(Input).value
        path = _absolute(target) / os.fsdecode(self._opened.tree.index.path(self._node))
        amount = self._amount or f"counting{glyphs_of(self).ellipsis}"
        text = f"{amount} {glyphs_of(self).arrow} {printable_name(str(path))}" if target.strip() else amount
        self.query_exactly_one("#plan", Static).update(Text(text, overflow="fold"))

    @on(Input.Submitted)
    def action_write(self) -> None:
        """Start to write, unless it has been started."""
        target = self.query_exactly_one(Input).value
        if not target.strip():
            self._say(hint="Enter a folder. It is created if it does not exist.")
        elif not self.has_class("-writing"):
            self._has_begun = self._is_stopped = False
            self._set_writing(is_writing=True)
            self._say(hint="Esc stops, and removes what has been written.")
            self._extract(target, force=self.force.is_on)

    def _set_writing(self, *, is_writing: bool) -> None:
        """Show the progress, and keep the fields as they were: they say what is being written."""
        self.set_class(is_writing, "-writing")
        field = self.query_exactly_one(Input)
        field.disabled = self.force.disabled = is_writing
        if not is_writing:
            self.set_focus(field)

    @work(thread=True, exit_on_error=False, group="extract")
    def _extract(self, target: str, *, force: bool) -> None:
        worker = get_current_worker()

        def report(done: int, total: int | None) -> None:
            if worker.is_cancelled or self._is_stopped:
                raise ReadingStopped("the extraction was stopped")
            self.post_message(self.Progressed(done, total or 0))

        options = ExtractionOptions(force=force, partial=True)
        self._has_begun = True
        try:
            report(0, None)
            with services_of(self).writers.writing():
                result = extract(self._opened, [self._node], self._layer, target, options=options, progress=report)
        except FileInTheWay as error:
            self.post_message(self.Ended(None, f"{error}.", _REPLACE))
        except ReadingStopped:
            self.post_message(self.Ended(None))
        except LayerscopeError as error:
            self.post_message(self.Ended(None, f"{error}."))
        else:
            self.post_message(self.Ended(result))

    @on(Progressed)
    def _on_progressed(self, message: Progressed) -> None:
        self.bar.update(total=max(1, message.total), progress=message.done)

    @on(Ended)
    def _on_ended(self, message: Ended) -> None:
        self._set_writing(is_writing=False)
        if message.result is not None:
            target = _absolute(self.query_exactly_one(Input).value)
            self.app.notify(_summary(message.result, target), title="Extracted", markup=False, timeout=8)
        elif self._is_stopped:
            self.app.notify("Nothing was written.", title="Stopped", markup=False)
        else:
            self._say(message.error, message.hint)
            return
        # the palette may be open on top of it
        self.leave()

    def _say(self, error: str = "", hint: str = _HINT) -> None:
        """Show an error, and below it, where no long path can push it away, what to do."""
        self.set_class(bool(error), "-failed")
        self.query_exactly_one("#error", Static).update(Text(printable_line(error), overflow="fold"))
        self.query_exactly_one("#hint", Static).update(hint)

    def action_leave(self) -> None:
        """Close the dialog, once nothing of what has been written is left."""
        if self.has_class("-writing"):
            self._is_stopped = True
            # a thread that is cancelled before its start would never say that it has ended
            if self._has_begun:
                self.workers.cancel_group(self, "extract")
            self._say(hint="Stopping: what has been written is being removed.")
        else:
            self.dismiss()


def _absolute(target: str) -> Path:
    """Return the absolute path of the folder, as it is if the current folder has been removed."""
    try:
        return Path(os.path.abspath(target))  # noqa: PTH100  # without following symlinks
    except OSError:
        return Path(target)


def _summary(result: Extracted, target: Path) -> str:
    text = f"{result.words} to {printable_name(str(target))}"
    if result.left_out:
        named = [f"/{printable_name(left.path)} ({left.reason})" for left in result.left_out[:_MOST_LEFT_OUT]]
        more = len(result.left_out) - len(named)
        text += f"; skipped: {', '.join(named)}{f' and {more:,} more' if more else ''}"
    return text + (f"; without the xattrs of {plural(result.with_xattrs, 'path')}" if result.with_xattrs else "")
