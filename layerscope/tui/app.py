"""The terminal application: it shows a first screen, and the screens that lead from it."""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Any, ClassVar

from textual import events
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.filter import LineFilter, NoColor
from textual.notifications import Notify
from textual.screen import Screen
from textual.theme import Theme
from textual.widgets import Input
from textual.widgets.input import Selection

from layerscope.errors import LayerscopeError
from layerscope.session.image_session import ImageSession
from layerscope.session.reading.background import LayerReader, read_in_background
from layerscope.settings.config_file import nearest
from layerscope.settings.preferences import Preferences, load_preferences
from layerscope.settings.settings import Settings
from layerscope.text import printable_line, short_name, use_binary_units
from layerscope.tui.drawing.glyphs import AsciiFilter, draw_scrollbars_with, glyphs_for_locale
from layerscope.tui.explorer.screen import ExplorerScreen
from layerscope.tui.keys.order import KeyQueue
from layerscope.tui.keys.workers import Writers, is_worker_cancelled
from layerscope.tui.run import run
from layerscope.tui.services import OpenedImage, warn
from layerscope.work import cancel_work_if

DARK = Theme(
    name="layerscope-dark",
    primary="#6cb6ff",
    secondary="#8ddb8c",
    accent="#dcbdfb",
    warning="#e3b341",
    error="#ff7b72",
    success="#57d364",
    foreground="#d1d7e0",
    background="#0d1117",
    surface="#0d1117",
    panel="#1c2333",
    dark=True,
)
LIGHT = Theme(
    name="layerscope-light",
    primary="#0550ae",
    secondary="#1a7f37",
    accent="#8250df",
    warning="#6a4200",
    error="#96190f",
    success="#0f5523",
    foreground="#1f2328",
    background="#ffffff",
    surface="#ffffff",
    panel="#e3e9f2",
    dark=False,
)
"""The two default themes. Textual's own can be chosen, too, also those in the colours of the terminal."""

_NO_COLORS = (NoColor(),)
_ASCII_ONLY = (AsciiFilter(),)


class LayerscopeApp(App[LayerscopeError]):
    """An application with layerscope's themes, glyphs and order of keys.

    It returns the error that ended it, or None. ``resources`` are closed after it has ended, for any reason.
    """

    TITLE = "layerscope"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012  # declared by Textual without ClassVar
    # With priority, so that it also works in dialogs. Textual itself shows a hint that Ctrl+Q quits.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "copy_or_quit", show=False, priority=True, system=True, id="app.copy-or-quit"),
        Binding("ctrl+z", "suspend_process", show=False, priority=True, system=True, id="app.suspend"),
    ]
    CSS = """
    VerticalScroll {
        scrollbar-size-vertical: 1;
        scrollbar-background: $background;
        scrollbar-color: $foreground 30%;
    }
    Input:ansi:nocolor > .input--cursor { text-style: reverse; }
    Input:ansi:nocolor > .input--selection { text-style: underline; }
    Toast { width: auto; max-width: 100; }
    .-narrow Toast { max-width: 100%; }
    """

    def __init__(self, first: Callable[[], Screen[Any]]) -> None:
        # Textual asks for the style variables while it is being initialized.
        self.glyphs = glyphs_for_locale()
        super().__init__()
        # Leaving a screen, or the application, ends the work of the threads that it started.
        cancel_work_if(is_worker_cancelled)
        self.resources = ExitStack()
        self.images: list[OpenedImage] = []
        """The open images: a signal that ends the application stops their reading."""
        self.writers = Writers()
        self._first = first
        self._warned_of = frozenset[object]()
        self._key_queue = KeyQueue(self, super().on_event)
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.preferences = load_preferences()
        self.key_choices = _known_choices(self.preferences)
        self._apply(self.preferences.settings)
        draw_scrollbars_with(self.glyphs)

    def _apply(self, settings: Settings) -> None:
        """Use the user's theme, units and keys."""
        themes = self.available_themes
        if settings.theme not in themes:
            unknown = f"{self.preferences.config_path}: there is no theme {short_name(settings.theme)}"
            self.preferences.problems.append(unknown + nearest(settings.theme, themes))
        self.theme = settings.theme if settings.theme in themes else DARK.name
        use_binary_units(binary=settings.units == "binary")
        self.set_keymap(dict(self.key_choices))

    def on_mount(self) -> None:
        """Say what is wrong with the settings: the rest of them counts, and the explorer opens all the same."""
        # another program has used the terminal; Textual itself draws only what its layout has changed
        self.app_resume_signal.subscribe(self, lambda _: self.screen.refresh())
        for problem in self.preferences.problems:
            self.notify(printable_line(problem), title="Settings", severity="warning", markup=False, timeout=15)

    def on_ready(self) -> None:
        """Collect garbage from now on: until the first screen is shown, there is almost none. Its objects stay."""
        if not gc.isenabled():
            gc.freeze()
            gc.enable()

    def watch_theme(self, theme: str) -> None:
        """Remember a theme that was chosen while the application runs."""
        if self.is_running:
            self.preferences.remember(theme=theme)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return the style variables that Textual does not have: the border of frames."""
        return {"frame": self.glyphs.frame}

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return the filters of lines: with NO_COLOR, the one for the theme that is shown.

        Textual chooses it for the theme that it starts with, and that for other themes makes an ANSI theme black.
        """
        filters = _NO_COLORS if self.no_color and self.native_ansi_color else super().get_line_filters()
        return filters if self.glyphs.has_unicode else (*filters, *_ASCII_ONLY)

    def get_default_screen(self) -> Screen[Any]:
        """Return the first screen: without an empty one before it, the start is a seventh shorter."""
        return self._first()

    async def on_event(self, event: events.Event) -> None:
        """Queue keys; handle all other events as Textual does, but none for a screen once there is none any more.

        A key that comes back from a widget has been looked for among the bindings: by now another screen may be on top.
        """
        if isinstance(event, events.Key):
            if not event.is_forwarded:
                await self._key_queue.press(event)
        elif self.screen_stack or not isinstance(event, events.InputEvent | events.Resize):
            await super().on_event(event)

    def on_notify(self, message: Notify) -> None:
        """Drop the notices that say the same: what a key says again stays one notice."""
        for shown in [shown for shown in self._notifications if shown.message == message.notification.message]:
            # Textual has no public way to withdraw one notice.
            self._unnotify(shown, refresh=False)

    def push_screen(self, *args: Any, **kwargs: Any) -> Any:
        """Push a screen. Notices leave with their screen: they never cover the next one."""
        self.clear_notifications()
        return super().push_screen(*args, **kwargs)

    def pop_screen(self) -> AwaitComplete:
        self.clear_notifications()
        return super().pop_screen()

    def action_copy_or_quit(self) -> None:
        """Copy the selected text and clear the selection, or quit if there is none; while files are written, ask."""
        focused = self.focused
        if isinstance(focused, Input):
            selected = focused.selected_text
            focused.selection = Selection.cursor(focused.cursor_position)
        else:
            selected = self.screen.get_selected_text() or ""
            self.screen.clear_selection()
        if selected:
            self.copy_to_clipboard(selected)
        elif not (at_work := self.writers.at_work) <= self._warned_of:
            self._warned_of = at_work
            warn(self.screen, "Files are being written: press Ctrl+C again to stop that and quit.")
        else:
            self.exit()

    def on_explorer_screen_replaced(self, message: ExplorerScreen.Replaced) -> None:
        """Close the image that the explorer shows now at the end."""
        self.images.append(self.resources.enter_context(message.session))

    def action_command_palette(self) -> None:
        """Offer the commands that work now: the screen's, then the application's."""
        from layerscope.tui.dialogs.palette import offer_commands  # noqa: PLC0415  # 2 ms, not before the first screen

        offer_commands(self)


def checked_preferences() -> Preferences:
    """Return the preferences, with the problems that only the application finds in its themes and keys."""
    return LayerscopeApp(Screen).preferences


def _known_choices(preferences: Preferences) -> Mapping[str, str]:
    """Return the keys that the user has chosen, by the id of their command."""
    if not preferences.settings.keys:
        return {}
    from layerscope.tui.keys.choices import known_choices  # noqa: PLC0415  # 200 ms: all screens

    return known_choices(preferences)


@contextmanager
def _reading(reader: LayerReader) -> Iterator[None]:
    """Close a reader at the end; raises LayerscopeError if it died, which the screen has shown by then."""
    with closing(reader):
        yield
    if reader.failure is not None:
        raise LayerscopeError(reader.failure)


def explorer_app(session: ImageSession, reader: LayerReader) -> LayerscopeApp:
    """Return an application that shows an image."""
    app = LayerscopeApp(lambda: ExplorerScreen(session, reader))
    app.images.append(session)
    app.resources.enter_context(_reading(reader))
    return app


def push_explorer(app: LayerscopeApp, session: ImageSession, resources: ExitStack) -> None:
    """Show an image until the user goes back; its resources are closed then."""
    reader = read_in_background(session, len(session.image.layers))
    resources.enter_context(_reading(reader))

    def leave(_: object) -> None:
        screen.session.close()
        # the error of a reader that died has been on the screen
        with suppress(LayerscopeError):
            resources.close()

    screen = ExplorerScreen(session, reader)
    app.push_screen(screen, leave)


def explore(session: ImageSession, reader: LayerReader) -> None:
    """Show an image until the user quits; raises the error that ended the explorer, if there was one."""
    run_app(explorer_app(session, reader))


def run_app(app: LayerscopeApp) -> None:
    """Run an application until the user quits; raises the error that ended it, if there was one."""
    with app.resources:
        run(app, app.images, app.writers)
