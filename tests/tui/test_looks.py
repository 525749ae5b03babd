"""Pictures of the explorer; the README shows some of them."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from layerscope.session.open import open_image
from layerscope.session.reading.loader import BackgroundLoader
from layerscope.tui.app import LayerscopeApp, chooser_app, explorer_app
from layerscope.tui.comparison.images import TwoImages
from layerscope.tui.comparison.screen import ComparisonScreen
from layerscope.tui.explorer.screen import ExplorerScreen
from tests.samples import SAMPLES
from tests.tui.journeys import MY_APP, undecided_image

SnapCompare = Callable[..., bool]


def _read_whole(*keys: str) -> Callable[[Pilot[object]], Awaitable[None]]:
    """Return what waits until all layers are read, and then presses keys."""

    async def run(pilot: Pilot[object]) -> None:
        screen = pilot.app.screen
        assert isinstance(screen, ExplorerScreen)
        async with asyncio.timeout(30):
            while not screen._state.reading.complete:
                await pilot.pause()
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()

    return run


def _app(path: Path = MY_APP, theme: str | None = None) -> LayerscopeApp:
    session = open_image(str(path))
    app = explorer_app(session, session.read_in_background(len(session.image.layers)))
    if theme is not None:
        app.theme = theme
    return app


def _comparison() -> LayerscopeApp:
    old, new = (open_image(str(SAMPLES / name)) for name in ("my-app.tar", "my-app-v2.tar"))
    images, readers = (old.image, new.image), (BackgroundLoader(old), BackgroundLoader(new))
    return LayerscopeApp(lambda: ComparisonScreen(TwoImages(images, readers)))


def _settled(*keys: str) -> Callable[[Pilot[object]], Awaitable[None]]:
    """Return what presses keys, and waits before and after each until all that they started is done."""

    async def run(pilot: Pilot[object]) -> None:
        for key in (None, *keys):
            if key is not None:
                await pilot.press(key)
            await pilot.pause()
            while not all(worker.is_finished for worker in pilot.app.workers):
                await pilot.app.workers.wait_for_complete()
                await pilot.pause()

    return run


@pytest.fixture(autouse=True)
def _unicode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("locale.getpreferredencoding", lambda do_setlocale=True: "UTF-8")  # noqa: ARG005


def test_the_explorer(snap_compare: SnapCompare) -> None:
    keys = ["left_square_bracket", "tab", *["j"] * 4]
    assert snap_compare(_app(), terminal_size=(120, 34), run_before=_read_whole(*keys))


def test_a_small_terminal(snap_compare: SnapCompare) -> None:
    assert snap_compare(_app(), terminal_size=(80, 24), run_before=_read_whole("c"))


def test_a_light_theme(snap_compare: SnapCompare) -> None:
    assert snap_compare(_app(theme="layerscope-light"), terminal_size=(110, 30), run_before=_read_whole("plus"))


def test_the_size_view(snap_compare: SnapCompare) -> None:
    assert snap_compare(_app(), terminal_size=(110, 30), run_before=_read_whole("w"))


def test_the_map_of_the_size_view(snap_compare: SnapCompare) -> None:
    assert snap_compare(_app(), terminal_size=(110, 30), run_before=_read_whole("w", "4", "right"))


def test_the_size_view_in_a_small_terminal(snap_compare: SnapCompare) -> None:
    assert snap_compare(_app(), terminal_size=(80, 24), run_before=_read_whole("w", "down"))


def test_the_causes_of_dead_bytes_in_a_light_theme(snap_compare: SnapCompare) -> None:
    app = _app(theme="layerscope-light")
    assert snap_compare(app, terminal_size=(110, 30), run_before=_read_whole("w", "7"))


def test_the_comparison_of_two_images(snap_compare: SnapCompare) -> None:
    assert snap_compare(_comparison(), terminal_size=(120, 34), run_before=_settled("down", "down"))


def test_the_help(snap_compare: SnapCompare) -> None:
    # behind the dialog, a scrollbar may still be about to come
    app = _app(SAMPLES / "opaque.oci.tar")
    assert snap_compare(app, terminal_size=(110, 50), run_before=_read_whole("question_mark"))


def test_the_chooser(snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    # its title tells the path as it was given
    monkeypatch.chdir(SAMPLES)
    with undecided_image("platforms.oci.tar") as undecided:
        assert snap_compare(chooser_app(undecided), terminal_size=(80, 24))
