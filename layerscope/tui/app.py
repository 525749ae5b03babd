"""The explorer as an application: themes, and which screen comes first."""

from collections.abc import Iterable

from textual.app import App, SystemCommand
from textual.screen import Screen

from layerscope.errors import LayerscopeError
from layerscope.session.background import BackgroundReader
from layerscope.session.session import ImageSession, open_choice
from layerscope.sources.open import OpenedSource
from layerscope.tui.glyphs import glyphs_for_locale
from layerscope.tui.screens.chooser import ChooserScreen
from layerscope.tui.screens.explorer import ExplorerScreen
from layerscope.tui.scrollbars import draw_scrollbars_with
from layerscope.tui.themes import DARK, LIGHT


class ExplorerApp(App[LayerscopeError]):
    """Opens an image, or lets the user choose one first. What it returns is the error that ended it, if one did."""

    TITLE = "layerscope"
    CSS = """
    VerticalScroll, OptionList {
        scrollbar-size-vertical: 1;
        scrollbar-background: $background;
        scrollbar-color: $foreground 30%;
    }
    """

    def __init__(
        self,
        session: ImageSession | None = None,
        reader: BackgroundReader | None = None,
        source: OpenedSource | None = None,
    ) -> None:
        super().__init__()
        self._session = session
        self._reader = reader
        self._source = source
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name
        self._glyphs = glyphs_for_locale()
        draw_scrollbars_with(self._glyphs)

    def get_default_screen(self) -> Screen[object]:
        """Return the first screen: no blank one is mounted before it, which would cost a seventh of the start."""
        if self._session is not None:
            return self._explorer(self._session)
        assert self._source is not None  # noqa: S101  # one of the two is given
        return ChooserScreen(self._source.reference, self._source.choices)

    def _explorer(self, session: ImageSession) -> ExplorerScreen:
        if self._reader is None:
            self._reader = session.read_in_background(len(session.image.layers))
        return ExplorerScreen(session, self._reader, self._glyphs)

    def on_chooser_screen_chosen(self, message: ChooserScreen.Chosen) -> None:
        """Explore the image that was chosen."""
        assert self._source is not None  # noqa: S101  # the chooser shows what it holds
        try:
            self._session = open_choice(self._source, message.choice)
        except LayerscopeError as error:
            self.exit(error)
            return
        # the first screen has no place on the stack that it could be switched from
        self.push_screen(self._explorer(self._session))

    def close_reader(self) -> None:
        """End the reading, if it still goes on."""
        if self._reader is not None:
            self._reader.close()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Yield what the command palette offers: the explorer's actions, then Textual's own."""
        if isinstance(screen, ExplorerScreen):
            yield from screen.commands()
        yield from super().get_system_commands(screen)


def explore(session: ImageSession, reader: BackgroundReader) -> None:
    """Show an image until the user quits; raises the error that ended the explorer, if one did."""
    _run(ExplorerApp(session=session, reader=reader))


def explore_choice(source: OpenedSource) -> None:
    """Let the user choose one of the images of a source, and show it."""
    _run(ExplorerApp(source=source))


def _run(app: ExplorerApp) -> None:
    try:
        error = app.run()
    finally:
        app.close_reader()
    if error is not None:
        raise error
    if app.return_code:
        raise LayerscopeError("the explorer ended on a mistake of its own, told above; please report it")
