"""The dialog that opens an image in the background, with progress; Esc cancels at any time."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import ClassVar, Generic, Protocol, TypeVar, runtime_checkable

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static

from layerscope.errors import LayerscopeError, ReadingStopped
from layerscope.model.progress import Progress
from layerscope.text import human_share, human_size, plural, printable_line
from layerscope.tui.keys.order import LeftOnce
from layerscope.tui.keys.table import Key, bindings
from layerscope.tui.keys.workers import start_detached
from layerscope.work import pause_words

_PATIENCE = 0.2
"""Seconds until the dialog is drawn: most images are open by then."""

_TICK = 0.25
"""Seconds between two looks at the progress."""

_KEYS = (Key("escape,q", "leave", "cancel", "Cancel, and close the dialog", id="opening.leave"),)


@runtime_checkable
class Closable(Protocol):
    """Something that was opened."""

    def close(self) -> None: ...


Opened = TypeVar("Opened")


class OpeningScreen(ModalScreen[Opened | None], LeftOnce[Opened | None], Generic[Opened]):
    """A panel that opens an image; its result is what ``open_it`` returns, or None.

    A thread that nothing waits for does the work: an engine that prepares an export answers nothing for minutes, and
    cannot be interrupted. What it opens after the user has left is closed. The progress counts bytes, or a ``noun``.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(_KEYS)
    DEFAULT_CSS = """
    OpeningScreen {
        align: center middle;
        background: $background 0%;
        #opening { display: none; width: 84; max-width: 96%; height: auto; background: $panel; padding: 0 1; }
        #opening { border: $frame $primary; }
        #opening > * { background: $panel; width: 1fr; }
        &.-shown #opening { display: block; }
    }
    """

    @dataclass
    class Ended(Message):
        """The image is open, or ``error`` says why it is not."""

        error: str = ""

    def __init__(self, title: str, open_it: Callable[[Progress], Opened], noun: str = "") -> None:
        super().__init__()
        self._noun = noun
        self._title = title
        self._open_it = open_it
        self._lock = Lock()
        self._has_left = False
        self._opened: Opened | None = None
        self._progress: tuple[int, int | None] = (0, None)
        self._started = time.monotonic()

    def compose(self) -> ComposeResult:
        panel = Vertical(Static("", id="progress", markup=False), Static("Esc cancels", markup=False), id="opening")
        panel.border_title = Text(printable_line(self._title)).markup
        yield panel

    def on_mount(self) -> None:
        self.set_timer(_PATIENCE, lambda: self.add_class("-shown"))
        self.set_interval(_TICK, self._show_progress)
        start_detached(self._open)

    def _open(self) -> None:
        try:
            opened = self._open_it(self._report)
        except ReadingStopped:
            return
        except LayerscopeError as error:
            self.post_message(self.Ended(str(error)))
            return
        with self._lock:
            if self._has_left:
                _close(opened)
                return
            self._opened = opened
        self.post_message(self.Ended())

    def _report(self, done: int, total: int | None) -> None:
        if self._has_left:
            raise ReadingStopped("the user has left")
        self._progress = (done, total)

    def _show_progress(self) -> None:
        done, total = self._progress
        seconds = f"{time.monotonic() - self._started:.0f} s"
        of_total = f" of {self._amount(total)}, {human_share(done, total)}" if total else ""
        first = self._noun or "byte"
        text = (
            f"{self._amount(done)}{of_total} after {seconds}" if done else f"waiting for the first {first}, {seconds}"
        )
        self.query_exactly_one("#progress", Static).update(pause_words() or text)

    def _amount(self, number: int) -> str:
        return plural(number, self._noun) if self._noun else human_size(number)

    @on(Ended)
    def _on_ended(self, message: Ended) -> None:
        app = self.app
        # the palette may be open on top of it
        self.leave(self._take())
        if message.error:
            app.notify(printable_line(message.error), title="Not opened", severity="error", markup=False, timeout=10)

    def _take(self) -> Opened | None:
        """Return what was opened, and close what will be."""
        with self._lock:
            self._has_left = True
            opened, self._opened = self._opened, None
        return opened

    def on_unmount(self) -> None:
        """Close an image that no screen has taken: the application may end while the dialog is open."""
        if opened := self._take():
            _close(opened)

    def action_leave(self) -> None:
        self.dismiss()


def _close(opened: object) -> None:
    """Close what was opened, if it can be."""
    if isinstance(opened, Closable):
        opened.close()
