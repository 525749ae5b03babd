"""The explorer as an application: themes, and which screen comes first."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import Any

from textual.app import SystemCommand
from textual.screen import Screen

from layerscope.errors import LayerscopeError
from layerscope.session.open import ImageSession, open_choice
from layerscope.session.reading.background import BackgroundReader
from layerscope.sources.open import OpenedSource
from layerscope.tui.drawing.glyphs import glyphs_for_locale
from layerscope.tui.drawing.scrollbars import draw_scrollbars_with
from layerscope.tui.drawing.themes import DARK, LIGHT
from layerscope.tui.explorer.screen import ExplorerScreen
from layerscope.tui.images.chooser import ChooserScreen
from layerscope.tui.keys.commands import key_commands
from layerscope.tui.keys.order import OrderedKeys
from layerscope.tui.keys.signals import ending_signals

_TRY_AGAIN = 0.02
"""Seconds between two looks at whether the first screen is there."""

_BY_SIGNAL = 128
"""What a shell adds to the number of the signal that ended a program."""


class ExplorerApp(OrderedKeys[LayerscopeError]):
    """Opens an image, lets the user choose one first, or shows what ``first`` makes.

    What it returns is the error that ended it, if one did.
    """

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012  # declared by Textual without ClassVar
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
        first: Callable[[], Screen[object]] | None = None,
    ) -> None:
        self.glyphs = glyphs_for_locale()
        super().__init__()
        self._session = session
        self._reader = reader
        self._source = source
        self._first = first
        self.ended_by: int | None = None
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name
        draw_scrollbars_with(self.glyphs)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return the variables that the style sheets use beside Textual's: the kind of border that frames have."""
        return {"frame": self.glyphs.frame}

    def get_default_screen(self) -> Screen[object]:
        """Return the first screen: no blank one is mounted before it, which would cost a seventh of the start."""
        if self._first is not None:
            return self._first()
        if self._session is not None:
            return self._explorer(self._session)
        assert self._source is not None  # noqa: S101  # one of the three is given
        return ChooserScreen(self._source.reference, self._source.choices)

    def _explorer(self, session: ImageSession) -> ExplorerScreen:
        if self._reader is None:
            self._reader = session.read_in_background(len(session.image.layers))
        return ExplorerScreen(session, self._reader)

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

    def end_by(self, number: int) -> None:
        """End, because a signal asks for it; a screen that is still being laid out is let finish that."""
        self.ended_by = number
        if self.is_open:
            self.exit()
        else:
            asyncio.get_running_loop().call_later(_TRY_AGAIN, self.end_by, number)

    def close_reader(self) -> None:
        """End the reading, if it still goes on."""
        if self._reader is not None:
            self._reader.close()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Yield what the command palette offers: the screen's actions, then Textual's own."""
        yield from key_commands(screen)
        yield from super().get_system_commands(screen)


def explore(session: ImageSession, reader: BackgroundReader) -> None:
    """Show an image until the user quits; raises the error that ended the explorer, if one did."""
    _run(ExplorerApp(session=session, reader=reader))


def explore_choice(source: OpenedSource) -> None:
    """Let the user choose one of the images of a source, and show it."""
    _run(ExplorerApp(source=source))


def explore_layers(session: ImageSession, before: int, after: int, *, own: bool = False, mtime: bool = False) -> None:
    """Show what differs between two layers of an image (0: nothing) until the user quits."""
    from layerscope.session.reading.whole_tree import WholeTreeReader  # noqa: PLC0415  # the explorer does without
    from layerscope.tui.comparison.layers import ComparedLayers, TwoLayers  # noqa: PLC0415
    from layerscope.tui.comparison.screen import ComparisonScreen  # noqa: PLC0415

    with closing(WholeTreeReader(session)) as reader:
        pair = ComparedLayers(before, after, own, mtime)
        _run(ExplorerApp(first=lambda: ComparisonScreen(TwoLayers(session.image, pair, reader))))


def explore_comparison(left: ImageSession, right: ImageSession, *, mtime: bool = False) -> None:
    """Show what differs between two images until the user quits."""
    from layerscope.session.reading.whole_tree import WholeTreeReader  # noqa: PLC0415  # the explorer does without
    from layerscope.tui.comparison.images import TwoImages  # noqa: PLC0415
    from layerscope.tui.comparison.screen import ComparisonScreen  # noqa: PLC0415

    with closing(WholeTreeReader(left)) as reader, closing(WholeTreeReader(right)) as other:
        images, readers = (left.image, right.image), (reader, other)
        _run(ExplorerApp(first=lambda: ComparisonScreen(TwoImages(images, readers, mtime=mtime))))


def _run(app: ExplorerApp) -> None:
    try:
        with asyncio.Runner() as runner, ending_signals(runner.get_loop(), app.end_by):
            error = runner.run(app.run_async())
    finally:
        app.close_reader()
    if app.ended_by is not None:
        raise SystemExit(_BY_SIGNAL + app.ended_by)
    if error is not None:
        raise error
    if app.return_code:
        raise LayerscopeError("the explorer ended on a mistake of its own, told above; please report it")
