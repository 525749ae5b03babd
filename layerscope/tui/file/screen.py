"""One file: its metadata, its content, and its revisions."""

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.getters import query_one
from textual.widgets import Static

from layerscope.errors import FormatError
from layerscope.session.files.revision import FileRevision, revision_at
from layerscope.tui.dialogs.help import HelpScreen
from layerscope.tui.drawing.glyphs import glyphs_of
from layerscope.tui.file.actions import FileActions
from layerscope.tui.file.background import (
    FileActionFailed,
    FileCopied,
    FileDescribed,
    FileHashed,
    FileOpened,
    FrameChanged,
    TextRead,
    open_file,
)
from layerscope.tui.file.body import FileBody
from layerscope.tui.file.head import file_head
from layerscope.tui.file.keys import FILE_KEYS, FILE_TABLE
from layerscope.tui.file.state import FileState
from layerscope.tui.file_screens import FileScreens
from layerscope.tui.keys.order import LeftOnce, OpensLater, SaysWhyNot
from layerscope.tui.keys.table import bindings
from layerscope.tui.services import warn
from layerscope.tui.widgets.key_line import KeyLine
from layerscope.tui.widgets.row_view import RowView

_PATIENCE = 0.3
"""Seconds until the screen says that it waits: an engine may have to export the layer first."""

_INSTRUCTION_SHARE = 1 / 8
"""The part of the screen that an instruction has beside content that fills the rest; the history shows all of it."""

_OTHER_LINES = 5
"""The lines of the head beside those of an instruction, which may start in one of them."""


# Without Textual's keys of a screen: Tab would take the focus from the open prompt, and letters would be keys again.
class FileScreen(LeftOnce[None], OpensLater, SaysWhyNot, inherit_bindings=False):
    """A file of an image, opened at one of its revisions."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(FILE_KEYS)
    why_not: ClassVar[Mapping[str, str]] = {
        "revision": "This is the only version.",
        "diff": "This is the first version: there is no previous one.",
        "follow": "The file is open: Esc goes back.",
        "digest": "There is no content.",
        "pager": "There is no content.",
        "editor": "There is no content.",
        "copy_content": "Only a text can be copied.",
    }
    live_keys = frozenset({"less_than_sign", "greater_than_sign"})
    DEFAULT_CSS = """
    FileScreen {
        background: $background;
        #head { height: auto; max-height: 50%; padding: 0 1; background: $panel; }
    }
    """

    body = query_one(FileBody)

    def __init__(self, revision: FileRevision, opener: FileScreens) -> None:
        super().__init__()
        self._state = FileState(revision)
        self._actions = FileActions(self, self._state)
        self._opener = opener
        self._is_waiting = False
        self._most_lines = 0

    def compose(self) -> ComposeResult:
        yield Static("", id="head", markup=False)
        yield FileBody()
        yield KeyLine(FILE_TABLE)

    def on_mount(self) -> None:
        self._show_revision()

    def _show_revision(self) -> None:
        state = self._state
        self.workers.cancel_node(self)
        self.is_ready = state.shown.file is None
        self._is_waiting = not self.is_ready
        self._show_head()
        if state.shown.file is None:
            self.body.say(state.shown.why_not or "")
        else:
            self._open(state.revision, state.shown.file)
            self.set_timer(_PATIENCE, partial(self._say_that_it_waits, state.revision))
        self.refresh_bindings()

    def _show_head(self) -> None:
        self._most_lines = self._instruction_lines()
        most = self.app.size.width * self._most_lines
        self.query_one("#head", Static).update(file_head(self._state, glyphs_of(self), most))

    def _instruction_lines(self) -> int:
        """Return the most lines of an instruction: the head may take half of a screen that is mostly blank."""
        height = self.app.size.height
        is_blank = self._state.shown.file is None or self.body.content.is_shorter_than(height // 3)
        return max(1, height // 2 - _OTHER_LINES if is_blank else int(height * _INSTRUCTION_SHARE))

    @on(RowView.Scrolled)
    @on(FrameChanged)
    def _on_body_changed(self) -> None:
        """Show more of the instruction above short content."""
        if self._instruction_lines() != self._most_lines:
            self._show_head()

    def on_resize(self) -> None:
        """Show as much of the instruction as the new size has room for."""
        self._show_head()

    @work(thread=True, exclusive=True, exit_on_error=False, group="open")
    def _open(self, revision: FileRevision, file: int) -> None:
        try:
            opened = open_file(revision.opened, file)
        except FormatError as error:
            self.post_message(FileOpened(revision, None, str(error)))
        else:
            self.post_message(FileOpened(revision, opened))

    def _say_that_it_waits(self, revision: FileRevision) -> None:
        if revision is self._state.revision and self._is_waiting:
            self.body.say("The content is being read.")

    @on(FileOpened)
    def _on_opened(self, message: FileOpened) -> None:
        if self.is_left or message.revision is not self._state.revision:
            return
        self._state.file = message.file
        self._is_waiting = False
        self.call_after_refresh(self.become_ready)
        if message.file is None:
            self.body.say(f"This file cannot be read: {message.error}.")
        else:
            self.body.show(message.file)
        self._show_head()
        self.refresh_bindings()

    @on(FileDescribed)
    def _on_described(self, message: FileDescribed) -> None:
        message.file.description = message.looks.description
        self._show_head()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's
        match action:
            case "revision":
                return len(self._state.revisions) > 1
            case "diff":
                return self._state.previous is not None
            case "follow":
                return self._state.shown.leads_to is not None and self._state.shown.file is not None
        return self._actions.is_possible(action)

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(FILE_TABLE))

    def action_back(self) -> None:
        """End the search, or go back: to the other view if a digit has left it, or to the screen before."""
        if not (self.body.end_search() or self.body.go_back()):
            self.dismiss()

    def action_revision(self, step: int) -> None:
        revision = self._state.neighbour(step)
        if revision is None:
            warn(self, f"This is the {'first' if step < 0 else 'last'} version.")
        else:
            self._state.choose(revision)
            self._show_revision()

    def action_history(self) -> None:
        self._opener.open_history(self.app, self._state.revision)

    def action_diff(self) -> None:
        if self._state.previous is not None:
            self._opener.open_diff(self.app, self._state.previous, self._state.revision)

    def action_follow(self) -> None:
        """Open the file that the symlink leads to."""
        revision, node = self._state.revision, self._state.shown.leads_to
        target = revision_at(revision.opened, node, revision.at) if node is not None else None
        if target is not None:
            self._opener.open_file(self.app, target)

    def action_digest(self) -> None:
        """Compute the sha256, show it, and copy it."""
        self._actions.copy_digest()

    @on(FileHashed)
    def _on_hashed(self, message: FileHashed) -> None:
        if message.file is self._state.file:
            self._actions.take_digest(message)
            self._show_head()

    def action_copy_path(self) -> None:
        self._actions.copy_path()

    def action_copy_content(self) -> None:
        self._actions.copy_content()

    @on(TextRead)
    def _on_text_read(self, message: TextRead) -> None:
        self._actions.take_text(message)

    def action_extract(self) -> None:
        """Ask where to write the file."""
        self._actions.extract()

    def action_pager(self) -> None:
        """Open a copy in the user's pager."""
        self._actions.open_pager()

    def action_editor(self) -> None:
        """Open a copy in the user's editor."""
        self._actions.open_editor()

    @on(FileCopied)
    def _on_copied(self, message: FileCopied) -> None:
        self._actions.open_with(message)

    @on(FileActionFailed)
    def _on_action_failed(self, message: FileActionFailed) -> None:
        warn(self, message.sentence)
