"""The command palette: the commands that work now, found by a part of their name or of what they do."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, ClassVar, NamedTuple

from rich.segment import Segment
from textual import events, on
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.dom import DOMNode
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.widgets import Input

from layerscope.tui.drawing.cells import cut, padded
from layerscope.tui.keys.order import LeftOnce
from layerscope.tui.keys.table import Key, OffersMore, bindings, printable_key
from layerscope.tui.widgets.line_list import LineList

_KEYS = (
    Key("escape", "dismiss", "Close", id="palette.close"),
    Key("enter", "choose", "Run the command", id="palette.choose"),
    Key("up", "move(-1)", "Up", id="palette.up"),
    Key("down", "move(1)", "Down", id="palette.down"),
    Key("pageup", "page(-1)", "Page up", id="palette.page-up"),
    Key("pagedown", "page(1)", "Page down", id="palette.page-down"),
)
_GAP = "  "
_LINES_AROUND = 4
"""The lines of the panel beside the list: the border, and the line to type into with a blank one."""


class Command(NamedTuple):
    """A command: its name, the key that runs it as well, and what it does."""

    title: str
    key: str
    help: str
    run: Callable[[], object]


class CommandList(LineList):
    """Commands, one a line: the name in ``title_width`` cells, what it does, and the key at the right."""

    DEFAULT_CSS = """
    CommandList { height: auto; background: $panel; }
    """
    can_focus = False

    class Chosen(Message):
        """A command was clicked."""

    def __init__(self) -> None:
        super().__init__()
        self.commands: Sequence[Command] = ()
        self.title_width = 0

    def item_count(self) -> int:
        return len(self.commands)

    def strip_key(self, item: int) -> object:
        return self.commands[item]

    def draw(self, item: int, line: int, width: int) -> list[Segment]:  # noqa: ARG002  # one line each
        command, glyphs = self.commands[item], self.glyphs
        key = _GAP + command.key if command.key else ""
        title = padded(command.title, max(0, min(self.title_width, width - len(key))), glyphs)
        room = max(0, width - len(title) - len(_GAP) - len(key))
        help_text = padded(cut(command.help, room, glyphs), room, glyphs)
        return [
            Segment(title),
            Segment(_GAP + help_text, self.style_of("muted")),
            Segment(key, self.style_of("accent")),
        ]

    def clicked(self, item: int, event: events.Click) -> None:  # noqa: ARG002  # from the base class
        self.post_message(self.Chosen())


class PaletteScreen(ModalScreen[Command], LeftOnce[Command]):
    """A line to type into, and the commands that match; the result is the chosen one, or None."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(_KEYS)
    DEFAULT_CSS = """
    PaletteScreen {
        align-horizontal: center;
        #palette { margin-top: 3; width: 100; max-width: 96%; height: auto; padding: 0 1; }
        #palette { background: $panel; border: $frame $primary; }
        &.-narrow #palette { margin-top: 0; }
        Input { height: 1; border: none; padding: 0; background: $background; margin-bottom: 1; }
        Input:focus { border: none; }
    }
    """

    def __init__(self, title: str, commands: Sequence[Command], current: int = 0) -> None:
        super().__init__()
        self._title = title
        self._commands = commands
        self._current = current
        # not looked up: a palette may be left before it has its widgets
        self.list = CommandList()
        self.panel = Vertical(Input(placeholder="words of a name, or of what a command does"), self.list, id="palette")

    def compose(self) -> ComposeResult:
        self.panel.border_title = self._title
        yield self.panel

    def on_mount(self) -> None:
        self.list.title_width = max(len(command.title) for command in self._commands)
        self._show(self._commands, self._current)

    @on(Input.Changed)
    def _show_matches(self, message: Input.Changed) -> None:
        found = matching(self._commands, message.value) if message.value else self._commands
        self._show(found, 0 if message.value else self._current)

    def on_resize(self) -> None:
        """Leave room above and below the list."""
        self.list.styles.max_height = max(1, self.size.height * 2 // 3)
        self.panel.styles.max_height = max(1, self.size.height * 2 // 3) + _LINES_AROUND

    def _show(self, commands: Sequence[Command], cursor: int) -> None:
        self.list.commands = commands
        self.list.refill(cursor)
        self.panel.border_subtitle = "" if commands else "no command matches"

    def action_move(self, step: int) -> None:
        """Move the cursor, around the ends."""
        if count := self.list.item_count():
            self.list.move_to((self.list.cursor + step) % count)

    def action_page(self, step: int) -> None:
        self.list.action_page(step)

    @on(Input.Submitted)
    @on(CommandList.Chosen)
    def action_choose(self) -> None:
        """Run the command under the cursor; without one, the palette stays open."""
        if self.list.cursor < self.list.item_count():
            self.dismiss(self.list.commands[self.list.cursor])


def matching(commands: Sequence[Command], text: str) -> list[Command]:
    """Return the commands that have each word in their name or help: first those whose names begin with the text."""
    words = text.casefold().split()

    def has_words(text: str) -> bool:
        return all(word in text.casefold() for word in words)

    def rank(command: Command) -> tuple[bool, bool]:
        return not command.title.casefold().startswith(" ".join(words)), not has_words(command.title)

    return sorted((command for command in commands if has_words(f"{command.title} {command.help}")), key=rank)


def key_commands(screen: Screen[Any]) -> Iterable[Command]:
    """Yield the keys that work now, each once, without those of the application; those of a dialog need no help."""
    seen = set[str]()
    for node, binding, enabled, tooltip in screen.active_bindings.values():
        is_apps = isinstance(node, App) or binding.action.removeprefix("app.") == "quit"
        if enabled and binding.id and (tooltip or screen.is_modal) and not is_apps and binding.id not in seen:
            seen.add(binding.id)
            name = binding.key_display or printable_key(binding.key)
            yield Command(binding.description, name, tooltip, _runner(screen, node, binding.action))
    for key in screen.more_keys() if isinstance(screen, OffersMore) else ():
        yield Command(key.label, key.line, key.help, _runner(screen, screen, key.action))


def _runner(screen: Screen[Any], node: DOMNode, action: str) -> Callable[[], object]:
    return lambda: screen.call_later(screen.app.run_action, action, node)


def offer_commands(app: App[Any]) -> None:
    """Offer the commands that work now: the screen's, then the application's; nothing while a palette is open.

    A dialog is left before the application is.
    """
    if not isinstance(app.screen, PaletteScreen):
        theme = Command("Theme", "", "Choose the colours of the screens", partial(_offer_themes, app))
        leave = Command("Quit", "q", "Leave the program", app.exit)
        _offer(app, "Commands", [*key_commands(app.screen), theme, *([] if app.screen.is_modal else [leave])])


def _offer_themes(app: App[Any]) -> None:
    names = sorted(app.available_themes)
    themes = [Command(name, "", "", partial(setattr, app, "theme", name)) for name in names]
    _offer(app, "Themes", themes, names.index(app.theme))


def _offer(app: App[Any], title: str, commands: Sequence[Command], current: int = 0) -> None:
    def run(command: Command | None) -> None:
        if command is not None:
            app.call_later(run_alone, command)

    def run_alone(command: Command) -> None:
        # a key that was under way may have opened another palette
        if isinstance(app.screen, PaletteScreen):
            app.screen.dismiss()
        command.run()

    app.push_screen(PaletteScreen(title, commands, current), run)
