"""Journeys through the explorer: open an image, press keys, read the screen.

::

    async with journey(SAMPLES / "my-app.tar") as at:
        await at.press("tab", "Z")
        assert "+ logo.svg" in at.tree()
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, closing
from pathlib import Path
from threading import Semaphore

from textual.content import Content
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widget import Widget

from layerscope.errors import AmbiguousImage, LayerscopeError
from layerscope.session.image_session import ImageSession
from layerscope.session.open import UndecidedImage, open_image
from layerscope.session.reading.background import BackgroundLoader, BackgroundReader, ReadEvent
from layerscope.session.reading.wire import ReadOrder
from layerscope.sources.open import open_source
from layerscope.tui.app import LayerscopeApp, explorer_app
from layerscope.tui.comparison.images import TwoImages
from layerscope.tui.comparison.layers import ComparedLayers, TwoLayers
from layerscope.tui.comparison.screen import ComparisonScreen
from layerscope.tui.explorer.screen import ExplorerScreen
from layerscope.tui.images.chooser import chooser_app
from layerscope.tui.images.start import StartScreen, start_app
from layerscope.tui.tree.file_tree import TreeHeader
from layerscope.tui.tree.pane import FilesPane
from layerscope.tui.tree.panes import FilesPanes
from layerscope.tui.tree.view import Sort
from layerscope.tui.widgets.field_list import FieldList
from layerscope.tui.widgets.line_list import LineList
from tests.samples import SAMPLES

MY_APP = SAMPLES / "my-app.tar"

WIDE = (110, 40)
_PATIENCE = 60
"""Seconds until a journey gives up waiting."""

_STILL_LOOKS = 3
"""Looks in a row that find the same screen."""

_ROW = re.compile(r"(?P<mark>[ +~-]) +(?:[▾▸v>] )?(?P<name>.*?)(?: {2,}.*| → .*| = .*)?$")


class HeldReader(BackgroundReader):
    """A reader whose events are kept back until they are released; ``wishes`` are the layers that were preferred."""

    def __init__(self, session: ImageSession) -> None:
        super().__init__(ReadOrder(list(session.image.layers), len(session.image.layers)))
        self._gate = Semaphore(0)
        self._is_open = False
        self.wishes: list[int] = []

    def events(self) -> Iterator[ReadEvent]:
        """Yield what happens, once it is released."""
        for event in super().events():
            if not self._is_open:
                self._gate.acquire()
            yield event

    def prefer(self, layer: int) -> None:
        """Ask for a layer, and remember it."""
        self.wishes.append(layer)
        super().prefer(layer)

    def release(self, count: int | None = None) -> None:
        """Let so many events through, or all."""
        self._is_open = self._is_open or count is None
        self._gate.release(count or 1)

    def kill(self) -> None:
        """End the process as a crash would."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End the process, and the waiting for it."""
        super().close()
        self.release()


class Journey:
    """An explorer at work."""

    def __init__(self, app: LayerscopeApp, pilot: Pilot[LayerscopeError]) -> None:
        self.app = app
        self.pilot = pilot

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something is true."""
        async with asyncio.timeout(_PATIENCE):
            while not condition():
                await self.pilot.pause()

    async def settle(self) -> None:
        """Wait until all work that was started is done, and shown, and no key waits for it."""
        while not self._is_settled():
            await self.until(self._is_settled)
            # what a worker tells at its end may start another one
            await self.pilot.pause()
        await self._refreshed()

    async def still(self) -> None:
        """Wait until the screen stays as it is: a pane may get another height by what is shown in it."""
        await self.settle()
        same, before = 0, self.screen()
        while same < _STILL_LOOKS:
            await self.pilot.pause()
            same, before = same + 1 if self.screen() == before else 0, self.screen()

    async def _refreshed(self) -> None:
        """Wait until the screen has been drawn, with which a pause ends, and for what was to follow that."""
        await self.pilot.pause()
        await self.pilot.pause()

    def _is_settled(self) -> bool:
        return not self.app._key_queue._waiting and all(worker.is_finished for worker in self.app.workers)

    async def until_listed(self) -> None:
        """Wait until the start screen knows everything."""
        screen = self.app.screen
        assert isinstance(screen, StartScreen)
        await self.until(lambda: not screen._state.awaited)
        await self.pilot.pause()

    async def until_open(self) -> None:
        """Wait until the image that was chosen is in the explorer, and has been read."""
        await self.until(lambda: isinstance(self.app.screen, ExplorerScreen))
        await self.settle()

    async def press(self, *keys: str) -> None:
        """Press keys, and wait for what they do."""
        await self.pilot.press(*keys)
        await self._refreshed()

    async def write(self, text: str) -> None:
        """Press the keys of a text."""
        names = {"/": "slash", "*": "asterisk", ":": "colon", ".": "full_stop", "[": "left_square_bracket"}
        await self.press(*(names.get(character, character) for character in text))

    async def filter(self, text: str) -> None:
        """Open the filter and type a text."""
        await self.press("slash")
        await self.write(text)

    async def go_to_row(self, name: str) -> None:
        """Move the cursor of the tree down to the row of a name."""
        await self.press("home")
        while not self.at().endswith(f"/{name}"):
            place = self.at()
            await self.press("down")
            assert self.at() != place, f"no row {name}"

    async def click(self, widget: type[Widget], x: int, y: int, times: int = 1) -> None:
        """Click into a widget."""
        await self.pilot.click(widget, offset=(x, y), times=times)
        await self.pilot.pause()

    @property
    def explorer(self) -> ExplorerScreen:
        """The screen of the image."""
        assert isinstance(self.app.screen, ExplorerScreen)
        return self.app.screen

    @property
    def files(self) -> FilesPane:
        """The file tree and its frame."""
        return self.app.screen.query_one(FilesPane)

    def strips(self) -> list[Strip]:
        """Return the lines of the whole screen with their styles."""
        return self.app.screen._compositor.render_strips()

    def rows(self) -> list[str]:
        """Return the lines of the whole screen."""
        return [strip.text for strip in self.strips()]

    def screen(self) -> str:
        """Return the text of the whole screen, lines and all."""
        return "\n".join(self.rows())

    def title(self) -> str:
        """Return the first line of the screen."""
        return self.rows()[0].strip()

    def key_line(self) -> str:
        """Return the last line of the screen."""
        return self.rows()[-1].strip()

    def frame(self, name: str) -> tuple[str, str]:
        """Return what is written into the upper and into the lower border of a pane."""
        frame = self.app.screen.query_one(f"#{name}-frame")
        return str(frame.border_title), Content.from_markup(str(frame.border_subtitle or "")).plain

    def layers(self) -> list[str]:
        """Return the lines of the list of layers, or of steps, that are on the screen."""
        return _lines(self.app.screen.query_one(FilesPanes).steps)

    def header(self) -> str:
        """Return the line above the tree."""
        return self.files.query_one(TreeHeader).render_line(0).text

    def matches(self) -> str:
        """Return what the line of the filter says about the matches."""
        return self.text_of("#filter-matches") if self.app.screen.query("#filter-matches") else ""

    def tree_lines(self) -> list[str]:
        """Return the rows of the tree that are on the screen, with all their columns."""
        return _lines(self.files.file_tree)

    def tree(self) -> list[str]:
        """Return the names of the rows that are on the screen, behind their mark if they have one: ``+ logo.svg``."""
        found = [_ROW.match(line) for line in self.tree_lines()]
        return [f"{match['mark']} {match['name']}".strip() for match in found if match]

    def line_of(self, name: str) -> str:
        """Return the row of the tree whose name this is."""
        return next(line for line, shown in zip(self.tree_lines(), self.tree(), strict=True) if shown.endswith(name))

    def at(self) -> str:
        """Return the path under the cursor of the tree."""
        return "/" + (self.files.path or b"").decode()

    def layer(self) -> int:
        """Return the number of the layer whose files are shown."""
        return self.explorer._state.layer

    def entry(self) -> str:
        """Return what stands below the tree, in one line."""
        return _text(self.files.entry_details)

    def details(self) -> str:
        """Return what stands below the layers, in one line."""
        details = self.app.screen.query_one(FieldList)
        return " ".join(_text(child) for child in details.children)

    def text_of(self, selector: str) -> str:
        """Return the text of a widget, in one line."""
        return _text(self.app.screen.query_exactly_one(selector))

    def toasts(self) -> list[str]:
        """Return what has been said in passing."""
        return [notification.message for notification in self.app._notifications]

    def focused(self) -> str:
        """Return the kind of the widget that has the keys."""
        return type(self.app.focused).__name__


def _lines(lines: LineList) -> list[str]:
    shown = min(lines.size.height, lines.line_count() - lines.scroll_offset.y)
    return [lines.render_line(y).text.rstrip() for y in range(shown)]


def _text(widget: Widget) -> str:
    strips = [widget.render_line(y).text for y in range(widget.size.height)]
    return " ".join(" ".join(strips).split())


@asynccontextmanager
async def journey(
    path: Path, size: tuple[int, int] = WIDE, *, theme: str | None = None, hold: bool = False, plain: bool = True
) -> AsyncIterator[Journey]:
    """Open the explorer on an image, and wait until all of it is read, unless it is held back.

    ``plain``: with the tree folded and sorted by name, so that its rows are easy to foresee.
    """
    with open_image(str(path)) as session:
        reader = HeldReader(session)
        app = explorer_app(session, reader)
        async with _running(app, size, theme) as at:
            if plain:
                at.explorer._state.settings.sort = Sort.NAME
                at.explorer._state.settings.open_to(0)
            if not hold:
                reader.release()
                await at.settle()
            yield at


@asynccontextmanager
async def held_journey(path: Path, size: tuple[int, int] = WIDE) -> AsyncIterator[tuple[Journey, HeldReader]]:
    """Open the explorer on an image whose reader has not said anything yet."""
    async with journey(path, size, hold=True) as at:
        reader = at.explorer._reader
        assert isinstance(reader, HeldReader)
        yield at, reader


def undecided_image(path: str) -> UndecidedImage:
    """Open a source with all its images to choose from, also on a machine whose platform is one of theirs."""
    return UndecidedImage(open_source(path), AmbiguousImage("several", ()))


@asynccontextmanager
async def choosing(path: Path, size: tuple[int, int] = WIDE) -> AsyncIterator[Journey]:
    """Open an archive that holds several images or platforms."""
    with undecided_image(str(path)) as undecided:
        app = chooser_app(undecided)
        async with _running(app, size) as at:
            yield at


@asynccontextmanager
async def starting(size: tuple[int, int] = WIDE) -> AsyncIterator[Journey]:
    """Open the start screen, and wait until all engines and the folder have been listed."""
    app = start_app()
    with app.resources:
        async with _running(app, size) as at:
            await at.until_listed()
            yield at


@asynccontextmanager
async def comparing_layers(path: Path, pair: ComparedLayers, size: tuple[int, int] = WIDE) -> AsyncIterator[Journey]:
    """Compare two layers, and wait until all that differs is known."""
    with open_image(str(path)) as session, closing(BackgroundLoader(session)) as reader:
        app = LayerscopeApp(lambda: ComparisonScreen(TwoLayers(session.image, pair, reader)))
        async with _running(app, size) as at:
            await at.settle()
            yield at


@asynccontextmanager
async def comparing(left: Path, right: Path, size: tuple[int, int] = WIDE) -> AsyncIterator[Journey]:
    """Compare two images, and wait until all that differs is known."""
    with ExitStack() as stack:
        sessions = [stack.enter_context(open_image(str(path))) for path in (left, right)]
        old, new = (stack.enter_context(closing(BackgroundLoader(session))) for session in sessions)
        images, readers = (sessions[0].image, sessions[1].image), (old, new)
        app = LayerscopeApp(lambda: ComparisonScreen(TwoImages(images, readers)))
        async with _running(app, size) as at:
            await at.settle()
            yield at


@asynccontextmanager
async def _running(app: LayerscopeApp, size: tuple[int, int], theme: str | None = None) -> AsyncIterator[Journey]:
    if theme is not None:
        app.theme = theme
    async with app.run_test(size=size, notifications=True) as pilot:
        yield Journey(app, pilot)


def starting_with(lines: Sequence[str], text: str) -> list[str]:
    """Return the lines that start with a text, space before it aside."""
    return [line for line in lines if line.strip().startswith(text)]
