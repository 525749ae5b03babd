"""One file: what it is, what is in it, and every version of it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.getters import query_one
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import get_current_worker

from layerscope.errors import FormatError, LayerscopeError, UsageError
from layerscope.session.compared_bytes import OpenedTree
from layerscope.session.file_copy import PrivateCopy, check_copied_size, user_command
from layerscope.session.file_version import FileVersion
from layerscope.text import human_size, path_text, printable_line, printable_name
from layerscope.tui.file_facts import file_head
from layerscope.tui.file_messages import (
    FileCopied,
    FileFailed,
    FileHashed,
    FileNamed,
    FileOpened,
    KeysChanged,
    TextRead,
)
from layerscope.tui.file_state import FileState, OpenFile
from layerscope.tui.file_work import hash_file, open_file
from layerscope.tui.glyphs import Glyphs
from layerscope.tui.outside import run_outside
from layerscope.tui.screens.help import HelpScreen, KeyGroup
from layerscope.tui.widgets.file_body import FileBody
from layerscope.tui.widgets.file_content import FileContent
from layerscope.tui.widgets.key_line import Key, KeyLine
from layerscope.tui.widgets.row_view import RowView

if TYPE_CHECKING:
    from layerscope.tui.screens.file_history import HistoryAnswer

_LARGEST_CLIP = 100_000
"""Bytes of a file that go to the clipboard: many terminals take no more."""

_KEYS_IN_LINE = (
    ("help", "question_mark", "?", "help"),
    ("search", "slash", "/", "search"),
    ("next_hit", "n", "n N", "match"),
    ("version", "less_than_sign", "< >", "version"),
    ("diff", "d", "d", "diff"),
    ("history", "H", "H", "history"),
    ("follow", "f", "f", "follow"),
    ("back", "escape", "esc", "back"),
    ("bytes", "b", "b", "text/hex"),
    ("wrap", "w", "w", "wrap"),
    ("go_to", "g", "g", "go to"),
    ("digest", "s", "s", "sha256"),
    ("invisibles", "i", "i", "invisibles"),
    ("copy_path", "y", "y", "path"),
    ("copy_content", "Y", "Y", "content"),
    ("pager", "p", "p", "pager"),
    ("editor", "E", "E", "editor"),
    ("quit", "q", "q", "quit"),
)
"""What the last line shows while it works and fits: action, key, how it is written, its word. The help has all keys."""

_KEYS_IN_PROMPT = (("enter", "enter", "go"), ("escape", "esc", "cancel"))
_NEEDS_FILE = ("digest", "pager", "editor")
_OF_THE_BODY = ("search", "next_hit", "go_to", "wrap", "invisibles", "bytes")


def _key(keys: str, action: str, description: str, tooltip: str, shown: str | None = None) -> Binding:
    return Binding(keys, action, description, key_display=shown, tooltip=tooltip, id=f"file.{description}")


class FileScreen(Screen[None]):
    """A file of an image, at one of its versions; ``layer`` is the one after which the tree shows it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        _key("question_mark", "help", "help", "Show all keys", "?"),
        _key("less_than_sign", "version(-1)", "version before", "Show the version of a layer below", "<"),
        _key("greater_than_sign", "version(1)", "next version", "Show the version of a layer above", ">"),
        _key("H", "history", "history", "List what every layer did to the path, and compare versions"),
        _key("d", "diff", "diff", "Compare with the version before"),
        _key("f", "follow", "follow", "Open what the link leads to"),
        _key("s", "digest", "digest", "Compute the sha256, and copy it to the clipboard"),
        _key("y", "copy_path", "copy path", "Copy the path to the clipboard"),
        _key("Y", "copy_content", "copy content", "Copy the text to the clipboard"),
        _key("p", "pager", "pager", "Open a copy in $PAGER"),
        _key("E", "editor", "editor", "Open a copy in $VISUAL or $EDITOR"),
        _key("escape", "back", "back", "End the search, or go back", "esc"),
        _key("q", "app.quit", "quit", "Quit"),
    ]
    DEFAULT_CSS = """
    FileScreen {
        background: $background;
        #head { height: auto; max-height: 8; padding: 0 1; background: $panel; }
    }
    """

    body = query_one(FileBody)
    key_line = query_one(KeyLine)

    def __init__(self, opened: OpenedTree, node: int, layer: int, glyphs: Glyphs) -> None:
        super().__init__(classes="" if glyphs.has_unicode else "-ascii")
        self._state = FileState(opened, node, layer)
        self._glyphs = glyphs

    def compose(self) -> ComposeResult:
        """Lay out the widgets."""
        yield Static("", id="head", markup=False)
        yield FileBody(self._glyphs)
        yield KeyLine()

    def on_mount(self) -> None:
        """Show the version that is asked for."""
        self._show_version()

    def _show_version(self) -> None:
        state = self._state
        self.workers.cancel_node(self)
        self._show_head()
        if state.shown.file is None:
            self.body.say(state.shown.why_not or "")
        else:
            self._open(state.version, state.shown.file)
        self._show_keys()

    def _show_head(self) -> None:
        self.query_one("#head", Static).update(file_head(self._state, self._glyphs))

    @work(thread=True, exclusive=True, exit_on_error=False, group="open")
    def _open(self, version: FileVersion, file: int) -> None:
        try:
            found = open_file(version.opened, file)
        except FormatError as error:
            self.post_message(FileOpened(version, None, str(error)))
        else:
            self.post_message(FileOpened(version, found))

    @on(FileOpened)
    def _on_opened(self, message: FileOpened) -> None:
        if message.version is not self._state.version:
            return
        self._state.file = message.file
        if message.file is None:
            self.body.say(f"This file cannot be read: {message.error}.")
        else:
            self.body.show(message.file)
        self._show_head()
        self._show_keys()

    @on(FileNamed)
    def _on_named(self, message: FileNamed) -> None:
        message.file.description = message.looks.description
        self._show_head()

    @on(KeysChanged)
    def _show_keys(self) -> None:
        self.key_line.show(_KEYS_IN_PROMPT if self.body.is_asking else list(self._active_keys()))

    def _active_keys(self) -> Iterable[Key]:
        for action, key, written, does in _KEYS_IN_LINE:
            widget = self.body if action in _OF_THE_BODY else self
            if widget.check_action(action, ()):
                yield key, written, does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's
        """Tell which keys work now."""
        if action in _NEEDS_FILE:
            return self._state.file is not None
        match action:
            case "version":
                return len(self._state.versions) > 1
            case "copy_content":
                return self._state.file is not None and self._state.file.encoding is not None
            case "diff":
                return self._state.before is not None
            case "follow":
                return self._state.shown.leads_to is not None and self._state.shown.file is not None
        return True

    def action_press(self, key: str) -> None:
        """Do what a key does, for the mouse."""
        self.app.simulate_key(key)

    def action_help(self) -> None:
        """Show all keys."""
        groups = (
            KeyGroup("The file", self.BINDINGS),
            KeyGroup("Its content", [*FileBody.BINDINGS, *FileContent.BINDINGS]),
            KeyGroup("Moving", RowView.BINDINGS),
        )
        self.app.push_screen(HelpScreen(self._glyphs, groups))

    def action_back(self) -> None:
        """End the search, or go back."""
        if not self.body.end_search():
            self.dismiss()

    def action_version(self, step: int) -> None:
        """Show the version before, or the next one."""
        version = self._state.neighbour(step)
        if version is None:
            self._complain(f"There is no version {'before' if step < 0 else 'after'} this one.")
        else:
            self._choose(version)

    def _choose(self, version: FileVersion) -> None:
        self._state.choose(version)
        self._show_version()

    def action_history(self) -> None:
        """List what every layer did to the path."""
        from layerscope.tui.screens.file_history import HistoryScreen  # noqa: PLC0415  # when it is asked for

        self.app.push_screen(HistoryScreen(self._state.version, self._glyphs), self._on_history)

    def _on_history(self, answer: "HistoryAnswer | None") -> None:
        if answer is None:
            return
        if answer.before is None:
            self._choose(answer.version)
        else:
            self._compare(answer.before, answer.version)

    def action_diff(self) -> None:
        """Compare with the version before."""
        if self._state.before is not None:
            self._compare(self._state.before, self._state.version)

    def _compare(self, before: FileVersion, after: FileVersion) -> None:
        from layerscope.tui.screens.file_diff import FileDiffScreen  # noqa: PLC0415  # when it is asked for

        self.app.push_screen(FileDiffScreen(before, after, self._glyphs))

    def action_follow(self) -> None:
        """Open what the link leads to."""
        version, node = self._state.version, self._state.shown.leads_to
        if node is not None:
            self.app.push_screen(FileScreen(version.opened, node, version.at, self._glyphs))

    def action_digest(self) -> None:
        """Compute the digest, show it, and copy it."""
        if self._state.digest is not None:
            self._clip(self._state.digest, self._state.digest)
        elif self._state.file is not None:
            self._hash(self._state.file)

    @work(thread=True, exclusive=True, exit_on_error=False, group="hash")
    def _hash(self, file: OpenFile) -> None:
        worker = get_current_worker()
        try:
            for digest in hash_file(file.pages):
                if worker.is_cancelled:
                    return
                if digest:
                    self.post_message(FileHashed(file, digest))
        except FormatError as error:
            self.post_message(FileFailed(f"The file cannot be read to its end: {error}."))

    @on(FileHashed)
    def _on_hashed(self, message: FileHashed) -> None:
        if message.file is self._state.file:
            self._state.digest = message.digest
            self._show_head()
            self._clip(message.digest, message.digest)

    def action_copy_path(self) -> None:
        """Copy the path."""
        path = self._state.version.path
        text = path_text(path)
        text = text if text.isprintable() else f"/{printable_name(path)}"
        self._clip(text, text)

    def action_copy_content(self) -> None:
        """Copy the text."""
        file = self._state.file
        if file is None:
            return
        if file.pages.size > _LARGEST_CLIP:
            self._complain(f"Only a text of up to {human_size(_LARGEST_CLIP)} can be copied to the clipboard.")
        else:
            self._read_text(file)

    @work(thread=True, exclusive=True, exit_on_error=False, group="clip")
    def _read_text(self, file: OpenFile) -> None:
        try:
            self.post_message(TextRead(file.whole_text()))
        except FormatError as error:
            self.post_message(FileFailed(f"The file cannot be read to its end: {error}."))

    @on(TextRead)
    def _on_clipped(self, message: TextRead) -> None:
        self._clip(message.text, f"the text, {human_size(len(message.text.encode()))}")

    def _clip(self, text: str, what: str) -> None:
        self.app.copy_to_clipboard(text)
        self.notify(what, title="Copied", markup=False, timeout=3)

    def action_pager(self) -> None:
        """Open a copy in the user's pager."""
        self._hand_over(("PAGER",), "less")

    def action_editor(self) -> None:
        """Open a copy in the user's editor."""
        self._hand_over(("VISUAL", "EDITOR"), "vi")

    def _hand_over(self, variables: tuple[str, ...], default: str) -> None:
        if self._state.file is None:
            return
        try:
            check_copied_size(self._state.file.pages.size)
            command = user_command(variables, default)
        except UsageError as error:
            self._complain(f"{error}.")
        else:
            self._copy(self._state.file, command)

    @work(thread=True, exclusive=True, exit_on_error=False, group="copy")
    def _copy(self, file: OpenFile, command: list[str]) -> None:
        copy = PrivateCopy(file.path.rpartition(b"/")[2])
        try:
            copy.write(file.pages.chunks())
        except LayerscopeError as error:
            copy.close()
            self.post_message(FileFailed(f"The file cannot be copied: {error}."))
            return
        if get_current_worker().is_cancelled or not self.post_message(FileCopied(copy, command)):
            copy.close()

    @on(FileCopied)
    def _on_copied(self, message: FileCopied) -> None:
        problem = run_outside(self.app, message.command, message.copy.path)
        message.copy.close()
        if problem:
            self._complain(problem)

    @on(FileFailed)
    def _on_failed(self, message: FileFailed) -> None:
        self._complain(message.sentence)

    def _complain(self, sentence: str) -> None:
        self.notify(printable_line(sentence), severity="warning", markup=False, timeout=5)
