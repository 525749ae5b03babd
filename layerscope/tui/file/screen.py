"""One file: what it is, what is in it, and every version of it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.getters import query_one
from textual.widgets import Static

from layerscope.errors import FormatError
from layerscope.session.files.revision import FileRevision
from layerscope.session.loaded_image import LoadedImage
from layerscope.tui.dialogs.help import HelpScreen
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.file.actions import FileActions
from layerscope.tui.file.body import FileBody
from layerscope.tui.file.content import FileContent
from layerscope.tui.file.facts import file_head
from layerscope.tui.file.messages import FileKeysChanged, FileNamed, FileOpened
from layerscope.tui.file.state import FileState
from layerscope.tui.file.work import open_file
from layerscope.tui.keys.order import OpensLater
from layerscope.tui.keys.table import KeyGroup
from layerscope.tui.widgets.key_line import KeyLine
from layerscope.tui.widgets.row_view import RowView

if TYPE_CHECKING:
    from layerscope.tui.file.history import HistoryAnswer

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
    ("extract", "x", "x", "extract"),
    ("pager", "p", "p", "pager"),
    ("editor", "E", "E", "editor"),
    ("quit", "q", "q", "quit"),
)
"""What the last line shows while it works and fits: action, key, how it is written, its word. The help has all keys."""

_KEYS_IN_PROMPT = (("enter", "enter", "go"), ("escape", "esc", "cancel"))
_OF_THE_BODY = ("search", "next_hit", "go_to", "wrap", "invisibles", "bytes")


def _key(keys: str, action: str, description: str, tooltip: str, shown: str | None = None) -> Binding:
    return Binding(keys, action, description, key_display=shown, tooltip=tooltip, id=f"file.{description}")


Key = tuple[str, str, str]


class FileScreen(FileActions, OpensLater):
    """A file of an image, at one of its versions; ``layer`` is the one after which the tree shows it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        _key("question_mark", "help", "help", "Show all keys", "?"),
        _key("less_than_sign", "version(-1)", "version before", "Show the version of a layer below", "<"),
        _key("greater_than_sign", "version(1)", "next version", "Show the version of a layer above", ">"),
        _key("H", "history", "history", "List what every layer did to the path, and compare versions"),
        _key("d", "diff", "diff", "Compare with the version before"),
        _key("f", "follow", "follow", "Open what the link leads to"),
        _key("escape", "back", "back", "End the search, or go back", "esc"),
        _key("q", "app.quit", "quit", "Quit"),
    ]
    live_keys = frozenset({"less_than_sign", "greater_than_sign"})
    DEFAULT_CSS = """
    FileScreen {
        background: $background;
        #head { height: auto; max-height: 8; padding: 0 1; background: $panel; }
    }
    """

    body = query_one(FileBody)
    key_line = query_one(KeyLine)

    def __init__(self, opened: LoadedImage, node: int, layer: int, glyphs: Glyphs) -> None:
        super().__init__(FileState(opened, node, layer), glyphs)

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
        self.is_ready = state.shown.file is None
        self._show_head()
        if state.shown.file is None:
            self.body.say(state.shown.why_not or "")
        else:
            self._open(state.version, state.shown.file)
        self._show_keys()

    def _show_head(self) -> None:
        self.query_one("#head", Static).update(file_head(self._state, self._glyphs))

    @work(thread=True, exclusive=True, exit_on_error=False, group="open")
    def _open(self, version: FileRevision, file: int) -> None:
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
        self.call_after_refresh(self.become_ready)
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

    @on(FileKeysChanged)
    def _show_keys(self) -> None:
        self.key_line.show(_KEYS_IN_PROMPT if self.body.is_asking else list(self._active_keys()))

    def _active_keys(self) -> Iterable[Key]:
        for action, key, written, does in _KEYS_IN_LINE:
            widget = self.body if action in _OF_THE_BODY else self
            if widget.check_action(action, ()):
                yield key, written, does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Tell which keys work now."""
        match action:
            case "version":
                return len(self._state.versions) > 1
            case "diff":
                return self._state.before is not None
            case "follow":
                return self._state.shown.leads_to is not None and self._state.shown.file is not None
        return super().check_action(action, parameters)

    def action_press(self, key: str) -> None:
        """Do what a key does, for the mouse."""
        self.app.simulate_key(key)

    def action_help(self) -> None:
        """Show all keys."""
        groups = (
            KeyGroup("The file", [*FileActions.BINDINGS, *self.BINDINGS]),
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

    def _choose(self, version: FileRevision) -> None:
        self._state.choose(version)
        self._show_version()

    def action_history(self) -> None:
        """List what every layer did to the path."""
        from layerscope.tui.file.history import HistoryScreen  # noqa: PLC0415  # when it is asked for

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

    def _compare(self, before: FileRevision, after: FileRevision) -> None:
        from layerscope.tui.file_diff.screen import FileDiffScreen  # noqa: PLC0415  # when it is asked for

        self.app.push_screen(FileDiffScreen(before, after, self._glyphs))

    def action_follow(self) -> None:
        """Open what the link leads to."""
        version, node = self._state.version, self._state.shown.leads_to
        if node is not None:
            self.app.push_screen(FileScreen(version.opened, node, version.at, self._glyphs))
