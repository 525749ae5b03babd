"""Journeys through one file: open it, press keys, read the screen.

::

    async with viewing(path, "etc/passwd") as at:
        await at.press("slash")
        assert "root" in at.lines()[0]
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Static

from layerscope.errors import LayerscopeError
from layerscope.session.files.revision import FileRevision, revision_at, revisions_of
from layerscope.session.image_session import ImageSession
from layerscope.session.open import open_image
from layerscope.tui.app import DARK, LayerscopeApp
from layerscope.tui.drawing.glyphs import UNICODE, Glyphs
from layerscope.tui.file.screen import FileScreen
from layerscope.tui.file.text_view import TextView
from layerscope.tui.file_diff.screen import FileDiffScreen
from layerscope.tui.file_screens import FileScreens
from layerscope.tui.widgets.row_view import RowView

WIDE = (110, 30)
_PATIENCE = 60


class Host(LayerscopeApp):
    """An application around one screen."""

    TITLE = "Host"

    def __init__(self, shown: Screen[None], theme: str = DARK.name, glyphs: Glyphs = UNICODE) -> None:
        super().__init__(Screen)
        self.glyphs = glyphs
        self._shown = shown
        self.theme = theme

    def on_mount(self) -> None:
        """Show the screen; to leave it is to leave."""
        self.push_screen(self._shown, lambda _: self.exit())


class FileJourney:
    """A file view or a file diff at work."""

    def __init__(self, app: LayerscopeApp, pilot: Pilot[LayerscopeError]) -> None:
        self.app = app
        self.pilot = pilot

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something is true."""
        async with asyncio.timeout(_PATIENCE):
            while not condition():
                await self.pilot.pause()

    async def settle(self) -> None:
        """Wait until all work that was started is done, and shown."""
        await self.pilot.pause()
        await self.until(lambda: all(worker.is_finished for worker in self.app.workers))
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        """Press keys, and wait for all that comes of them."""
        await self.pilot.press(*keys)
        await self.settle()

    async def write(self, text: str) -> None:
        """Press the keys of a text, and enter."""
        names = {" ": "space", "_": "underscore", ".": "full_stop", ":": "colon", "\\": "backslash"}
        await self.press(*(names.get(character, character) for character in text), "enter")

    async def search(self, text: str) -> None:
        """Search for a text."""
        await self.press("slash")
        await self.write(text)

    async def go_to(self, place: str) -> None:
        """Go to a line, or an offset."""
        await self.press("g")
        await self.write(place)

    def head(self) -> list[str]:
        """Return the lines above the content."""
        head = self.app.screen.query_one("#head", Static)
        lines = [head.render_line(y).text.strip() for y in range(head.size.height)]
        return [line for line in lines if line]

    def view(self) -> RowView:
        """Return the view that is shown."""
        return next(view for view in self.app.screen.query("RowView") if isinstance(view, RowView) and view.display)

    def lines(self) -> list[str]:
        """Return the lines of the content that are on the screen."""
        view = self.view()
        return [view.render_line(y).text.rstrip() for y in range(min(view.size.height, len(view._seen_lines())))]

    def texts(self) -> list[str]:
        """Return the lines of the content without their numbers."""
        view = self.view()
        assert isinstance(view, TextView)
        return [line[view._digits + 2 :] for line in self.lines()]

    def marked(self, style: str) -> list[str]:
        """Return what is drawn in a style: ``chosen``, ``comment``."""
        view = self.view()
        wanted = view.style_of(style)
        found = []
        for y in range(view.size.height):
            for text, drawn, _ in view.render_line(y):
                if drawn is not None and drawn + wanted == drawn and wanted:
                    found.append(text)
        return found

    def sentence(self) -> str:
        """Return what stands in place of a content."""
        sentence = self.app.screen.query_one("#sentence", Static)
        return str(sentence.content) if sentence.display else ""

    def frame(self) -> tuple[str, str]:
        """Return what is written into the upper and the lower border of the content."""
        frame = self.app.screen.query_one("FileBody, #frame")
        return str(frame.border_title or ""), str(frame.border_subtitle or "")

    def key_line(self) -> str:
        """Return the last line of the screen."""
        return self.screen().splitlines()[-1].strip()

    def screen(self) -> str:
        """Return the text of the whole screen."""
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())

    def toasts(self) -> list[str]:
        """Return what has been said in passing."""
        return [notification.message for notification in self.app._notifications]


@asynccontextmanager
async def running(
    screen: Screen[None], size: tuple[int, int], theme: str, glyphs: Glyphs
) -> AsyncIterator[FileJourney]:
    app = Host(screen, theme, glyphs)
    async with app.run_test(size=size, notifications=True) as pilot:
        at = FileJourney(app, pilot)
        await at.settle()
        yield at


@asynccontextmanager
async def viewing(
    path: Path,
    name: str,
    *,
    layer: int | None = None,
    size: tuple[int, int] = WIDE,
    glyphs: Glyphs = UNICODE,
    theme: str = DARK.name,
) -> AsyncIterator[FileJourney]:
    """Open a file of an image, as it is after a layer, by default the last one."""
    with open_image(str(path)) as session:
        opened = session.load()
        node = opened.tree.index.find(name.encode())
        assert node is not None
        shown = revision_at(opened, node, layer or len(session.image.layers)) or revisions_of(opened, node)[0]
        screen = FileScreen(shown, FileScreens())
        async with running(screen, size, theme, glyphs) as at:
            yield at


@asynccontextmanager
async def comparing(
    before: FileRevision | None,
    after: FileRevision | None,
    *,
    size: tuple[int, int] = WIDE,
    glyphs: Glyphs = UNICODE,
    theme: str = DARK.name,
) -> AsyncIterator[FileJourney]:
    """Compare two revisions."""
    async with running(FileDiffScreen(before, after, FileScreens()), size, theme, glyphs) as at:
        yield at


def revision(session: ImageSession, name: str, layer: int) -> FileRevision:
    """Return a file as it is after a layer."""
    opened = session.load()
    node = opened.tree.index.find(name.encode())
    assert node is not None
    found = revision_at(opened, node, layer)
    assert found is not None
    return found
