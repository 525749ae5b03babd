"""The explorer as an application: themes, and which screen comes first."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import Any

from textual.app import SystemCommand
from textual.screen import Screen

from layerscope.errors import LayerscopeError
from layerscope.session.open import ImageSession, UndecidedImage
from layerscope.session.reading.background import BackgroundReader
from layerscope.tui.drawing.glyphs import Glyphs, glyphs_for_locale
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
        undecided: UndecidedImage | None = None,
        first: Callable[[Glyphs], Screen[object]] | None = None,
    ) -> None:
        super().__init__()
        self._session = session
        self._reader = reader
        self._undecided = undecided
        self._first = first
        self.ended_by: int | None = None
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name
        self._glyphs = glyphs_for_locale()
        draw_scrollbars_with(self._glyphs)

    def get_default_screen(self) -> Screen[object]:
        """Return the first screen: no blank one is mounted before it, which would cost a seventh of the start."""
        if self._first is not None:
            return self._first(self._glyphs)
        if self._session is not None:
            return self._explorer(self._session)
        assert self._undecided is not None  # noqa: S101  # one of the three is given
        return ChooserScreen(self._undecided.reference, self._undecided.choices)

    def _explorer(self, session: ImageSession) -> ExplorerScreen:
        if self._reader is None:
            self._reader = session.read_in_background(len(session.image.layers))
        return ExplorerScreen(session, self._reader, self._glyphs)

    def on_chooser_screen_chosen(self, message: ChooserScreen.Chosen) -> None:
        """Explore the image that was chosen."""
        assert self._undecided is not None  # noqa: S101  # the chooser shows what it holds
        try:
            self._session = self._undecided.choose(message.choice)
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


def explore_choice(undecided: UndecidedImage) -> None:
    """Let the user choose one of several images, and show it."""
    _run(ExplorerApp(undecided=undecided))


def explore_layers(session: ImageSession, before: int, after: int, *, own: bool = False, mtime: bool = False) -> None:
    """Show what differs between two layers of an image (0: nothing) until the user quits."""
    from layerscope.session.reading.loader import BackgroundLoader  # noqa: PLC0415  # the explorer does without
    from layerscope.tui.comparison.layer_screen import ComparedLayers, LayerDiffScreen  # noqa: PLC0415

    with closing(BackgroundLoader(session)) as reader:
        pair = ComparedLayers(before, after, own, mtime)
        _run(ExplorerApp(first=lambda glyphs: LayerDiffScreen(session.image, pair, reader, glyphs)))


def explore_comparison(left: ImageSession, right: ImageSession, *, mtime: bool = False) -> None:
    """Show what differs between two images until the user quits."""
    from layerscope.session.reading.loader import BackgroundLoader  # noqa: PLC0415  # the explorer does without
    from layerscope.tui.comparison.image_screen import ImageDiffScreen  # noqa: PLC0415

    with closing(BackgroundLoader(left)) as reader, closing(BackgroundLoader(right)) as other:
        images, readers = (left.image, right.image), (reader, other)
        _run(ExplorerApp(first=lambda glyphs: ImageDiffScreen(images, readers, glyphs, mtime=mtime)))


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
