"""Where to write files of the image, and how far the writing has come."""

from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.getters import query_one
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, ProgressBar, Static
from textual.worker import get_current_worker

from layerscope.errors import LayerscopeError
from layerscope.extraction.extract import extract
from layerscope.extraction.failure import FileInTheWay
from layerscope.extraction.options import Extracted, ExtractionOptions
from layerscope.session.loaded_image import LoadedImage
from layerscope.text import printable_line, printable_name
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.widgets.checkbox import CheckboxLine

_MOST_LEFT_OUT = 3
"""So many of the paths that were left out are named."""


class _Stopped(Exception):
    """The user gave up; nothing is left of what was written."""


class ExtractScreen(ModalScreen[None]):
    """A panel over the explorer: a folder, and whether files that are there already may be replaced.

    It writes a node of the merged tree after a layer with all below it, the root for all files, at its path below the
    folder.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "write", "Write", id="extract.write"),
        Binding("escape", "leave", "Leave, or stop the writing", id="extract.leave"),
    ]
    DEFAULT_CSS = """
    ExtractScreen {
        align: center middle;
        #extract { width: 84; max-width: 96%; height: auto; max-height: 92%; background: $panel; padding: 0 1; }
        #extract { border: round $primary; }
        #extract > * { background: $panel; width: 1fr; }
        Input { height: 1; border: none; padding: 0; background: $background; }
        Input:focus { border: none; }
        ProgressBar { display: none; height: 1; }
        Bar { width: 1fr; }
        &.-writing ProgressBar { display: block; }
        #said { margin-top: 1; max-height: 8; }
        #extract > CheckboxLine:focus { background: $primary 35%; }
        &.-ascii #extract { border: ascii $primary; }
    }
    """

    class Progressed(Message):
        """So many bytes of all have been written."""

        def __init__(self, done: int, total: int) -> None:
            super().__init__()
            self.done = done
            self.total = total

        def can_replace(self, message: Message) -> bool:
            """Let only the last of several figures be handled."""
            return isinstance(message, ExtractScreen.Progressed)

    class Ended(Message):
        """All has been written, or nothing."""

        def __init__(self, result: Extracted | None, error: str) -> None:
            super().__init__()
            self.result = result
            self.error = error

    force = query_one(CheckboxLine)
    bar = query_one(ProgressBar)

    def __init__(self, opened: LoadedImage, node: int, layer: int, glyphs: Glyphs) -> None:
        super().__init__(classes="" if glyphs.has_unicode else "-ascii")
        self._opened = opened
        self._node = node
        self._layer = layer

    def compose(self) -> ComposeResult:
        """Lay out the panel."""
        path = printable_name(self._opened.tree.index.path(self._node))
        what, where = (f"/{path} as it is", "its path") if self._node else ("all files as they are", "their paths")
        panel = Vertical(
            Static(Text(f"{what} after layer {self._layer}, at {where} below this folder:"), id="what"),
            Input("extracted", select_on_focus=True),
            CheckboxLine("replace files that are there already"),
            ProgressBar(show_eta=False),
            Static("Enter writes, Tab and Space choose, Esc leaves", id="said", markup=False),
            id="extract",
        )
        panel.border_title = "Extract"
        yield panel

    @on(Input.Submitted)
    def action_write(self) -> None:
        """Write, unless that goes on already."""
        target = self.query_exactly_one(Input).value
        if not target.strip():
            self._say("Name a folder; it is made where it is missing.")
        elif not self.has_class("-writing"):
            self.add_class("-writing")
            self._say("Esc stops the writing and removes what was written.")
            self._extract(target, force=self.force.is_on)

    @work(thread=True, exit_on_error=False, group="extract")
    def _extract(self, target: str, *, force: bool) -> None:
        worker = get_current_worker()

        def tell(done: int, total: int | None) -> None:
            if worker.is_cancelled:
                raise _Stopped
            self.post_message(self.Progressed(done, total or 0))

        options = ExtractionOptions(force=force)
        try:
            result = extract(self._opened, [self._node], self._layer, target, options=options, progress=tell)
        except FileInTheWay as error:
            self.post_message(self.Ended(None, f"{error}: choose to replace it, or another folder"))
        except LayerscopeError as error:
            self.post_message(self.Ended(None, str(error)))
        except _Stopped:
            self.post_message(self.Ended(None, "stopped: nothing was written"))
        else:
            self.post_message(self.Ended(result, ""))

    @on(Progressed)
    def _on_progressed(self, message: Progressed) -> None:
        self.bar.update(total=max(1, message.total), progress=message.done)

    @on(Ended)
    def _on_ended(self, message: Ended) -> None:
        self.remove_class("-writing")
        if message.result is None:
            self._say(message.error)
            return
        self.app.notify(_told(message.result), title="Extracted", markup=False, timeout=8)
        self.dismiss()

    def _say(self, text: str) -> None:
        self.query_exactly_one("#said", Static).update(Text(printable_line(text), overflow="fold"))

    def action_leave(self) -> None:
        """Stop the writing, or leave."""
        if self.has_class("-writing"):
            self.workers.cancel_group(self, "extract")
        else:
            self.dismiss()


def _told(result: Extracted) -> str:
    """Return what was written, and what was left out."""
    text = result.words
    if not result.left_out:
        return text
    named = [f"/{printable_name(left.path)} ({left.reason})" for left in result.left_out[:_MOST_LEFT_OUT]]
    more = len(result.left_out) - len(named)
    return f"{text}; left out: {', '.join(named)}{f' and {more:,} more' if more else ''}"
