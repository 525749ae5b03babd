"""Applications to take pictures of, and what waits until they show all that was asked for."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot

from layerscope.session.open import open_image
from layerscope.session.reading.background import BackgroundLoader, read_in_background
from layerscope.tui.app import LayerscopeApp, explorer_app
from layerscope.tui.comparison.images import TwoImages
from layerscope.tui.comparison.screen import ComparisonScreen
from layerscope.tui.explorer.screen import ExplorerScreen
from tests.samples import SAMPLES
from tests.tui.journeys import MY_APP

SnapCompare = Callable[..., bool]


def settled(*keys: str) -> Callable[[Pilot[object]], Awaitable[None]]:
    """Return what presses keys, and waits before and after each until all that they started is done."""

    async def run(pilot: Pilot[object]) -> None:
        screen = pilot.app.screen
        async with asyncio.timeout(30):
            while isinstance(screen, ExplorerScreen) and not screen._state.reading.complete:
                await pilot.pause()
        for key in (None, *keys):
            if key is not None:
                await pilot.press(key)
            await pilot.pause()
            while not all(worker.is_finished for worker in pilot.app.workers):
                await pilot.app.workers.wait_for_complete()
                await pilot.pause()
        await pilot.pause()

    return run


def image_app(path: Path = MY_APP, theme: str | None = None) -> LayerscopeApp:
    """Return an application that shows an image."""
    session = open_image(str(path))
    app = explorer_app(session, read_in_background(session, len(session.image.layers)))
    if theme is not None:
        app.theme = theme
    return app


def comparison_app(theme: str | None = None) -> LayerscopeApp:
    """Return an application that compares two versions of an image."""
    old, new = (open_image(str(SAMPLES / name)) for name in ("my-app.tar", "my-app-v2.tar"))
    images, readers = (old.image, new.image), (BackgroundLoader(old), BackgroundLoader(new))
    app = LayerscopeApp(lambda: ComparisonScreen(TwoImages(images, readers)))
    if theme is not None:
        app.theme = theme
    return app
