"""An image that is opened again while the explorer shows it."""

from pathlib import Path

from layerscope.session.image_session import ImageSession
from tests.builders import directory, docker_archive, file, image, layer
from tests.tui.journeys import MY_APP, journey

BASE = layer(directory("etc"), file("etc/hosts", b"1"), file("etc/passwd", b"1"), file("top"))
MORE = layer(file("etc/added", b"12"))


async def test_refresh_shows_the_image_as_it_is_now_and_keeps_the_cursor(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "app.tar", image(BASE, tags=["app:1"]))
    async with journey(path) as at:
        await at.press("tab", "Z")
        await at.go_to_row("passwd")
        before = at.explorer.session
        docker_archive(path, image(BASE, MORE, tags=["app:1"]))
        await at.press("r")
        await at.until(lambda: at.explorer.session is not before)
        await at.until(at.toasts)
        assert at.toasts() == ["app:1 was read again: it is another image now."]
        await at.settle()
        assert at.at() == "/etc/passwd"
        assert at.layer() == 1, "the layer that was chosen stays"
        await at.press("right_square_bracket")
        assert "+ added" in at.tree()
        assert before.layers.is_stopped()
        assert at.app.images == [before, at.explorer.session]


async def test_the_cursor_waits_for_the_layer_that_has_its_path() -> None:
    async with journey(MY_APP) as at:
        await at.press("tab", "slash")
        await at.write("manual")
        await at.press("enter", "escape")
        place = at.at()
        await at.press("r")
        await at.until(at.toasts)
        await at.settle()
        assert at.at() == place == "/usr/share/nginx/manual.txt", (
            "the last layer, which is read first, does not have the path"
        )


async def test_refresh_says_that_the_image_is_unchanged(tmp_path: Path) -> None:
    async with journey(docker_archive(tmp_path / "app.tar", image(BASE, tags=["app:1"]))) as at:
        await at.press("r")
        await at.until(at.toasts)
        assert at.toasts() == ["app:1 was read again: it is unchanged."]


async def test_an_image_that_is_gone_stays_on_the_screen_with_the_reason(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "app.tar", image(BASE, tags=["app:1"]))
    async with journey(path) as at:
        before = at.explorer.session
        assert isinstance(before, ImageSession)
        path.unlink()
        await at.press("r")
        await at.until(lambda: "no file or folder" in " ".join(at.screen().split()))
        assert at.explorer.session is before
        assert "hosts" in at.screen() or "etc/" in at.screen()
