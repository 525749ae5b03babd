"""The choice between images and platforms, and another choice later."""

from pathlib import Path

from layerscope.tui.explorer.screen import ExplorerScreen
from layerscope.tui.images.chooser import ChooserScreen
from tests.builders import docker_archive, file, image, layer, oci_files, write_folder
from tests.samples import SAMPLES
from tests.tui.journeys import MY_APP, Journey, choosing, journey

PLATFORMS = SAMPLES / "platforms.oci.tar"


async def switch(at: Journey, *keys: str) -> None:
    before = at.explorer.session
    await at.press("p")
    await at.until(lambda: isinstance(at.app.screen, ChooserScreen))
    await at.press(*keys, "enter")
    await at.until(lambda: isinstance(at.app.screen, ExplorerScreen) and at.app.screen.session is not before)
    await at.settle()


async def test_each_choice_shows_platform_size_and_date() -> None:
    async with choosing(PLATFORMS, (110, 30)) as at:
        rows = [" ".join(row.split()) for row in at.rows()]
        assert any("linux/amd64 572 B 2026-11-23 docker.io/library/platforms:1" in row for row in rows)
        assert any("linux/arm/v7 523 B 2026-11-23" in row for row in rows)
        assert "holds 3 images" in at.screen()
        assert "esc back" not in at.key_line(), "there is nothing to go back to"


async def test_the_title_says_which_of_several_platforms_it_is_and_p_switches() -> None:
    async with choosing(PLATFORMS, (110, 30)) as at:
        await at.press("enter")
        await at.until_open()
        assert "linux/amd64 (1 of 3)" in at.title()
        await switch(at, "down")
        assert "linux/arm64 (2 of 3)" in at.title()
        assert "COPY linux/arm64/ /" in at.screen()
        await switch(at, "down")
        assert "linux/arm/v7 (3 of 3)" in at.title()
        at.app.resources.close()


async def test_a_long_name_leaves_room_for_the_number_of_platforms_on_a_small_screen(tmp_path: Path) -> None:
    recipes = [image(layer(file(n, b"1" * 5000)), tags=[f"registry.example/team/{'long-' * 9}{n}:1"]) for n in "ab"]
    async with choosing(docker_archive(tmp_path / "two.tar", *recipes), (80, 24)) as at:
        await at.press("enter")
        await at.until_open()
        await at.settle()
        assert "(1 of 2)" in at.title()
        assert "5.0 kB" in at.title()


async def test_the_path_under_the_cursor_stays_when_the_image_is_switched(tmp_path: Path) -> None:
    recipes = [image(layer(file("a"), file("b"), file(name)), tags=[f"{name}:1"]) for name in ("red", "blue")]
    async with choosing(docker_archive(tmp_path / "two.tar", *recipes)) as at:
        await at.press("enter")
        await at.until_open()
        await at.press("tab", "down")
        assert at.at() == "/b"
        await switch(at, "down")
        assert at.title().startswith("blue:1")
        assert (at.at(), "+ blue" in at.tree()) == ("/b", True)
        at.app.resources.close()


async def test_an_image_without_others_says_so() -> None:
    async with journey(MY_APP, (260, 60)) as at:
        assert "p platform" not in at.key_line()
        await at.press("p")
        assert "There is only this image" in " ".join(at.screen().split())
        assert " of 1)" not in at.title()


async def test_a_choice_whose_documents_are_broken_is_listed_and_says_why(tmp_path: Path) -> None:
    broken, whole = (image(layer(file(name)), tags=[f"{name}:1"]) for name in ("broken", "whole"))
    files = oci_files(broken, whole)
    config = next(name for name, content in files.items() if isinstance(content, bytes) and b"rootfs" in content)
    files[config] = b"{"
    async with choosing(write_folder(tmp_path / "layout", files), (140, 30)) as at:
        assert isinstance(at.app.screen, ChooserScreen)
        assert "broken:1" in at.screen()
        await at.press("enter")
        assert len(at.app.screen_stack) == 1
        assert at.app._notifications, "the reason is shown"
        await at.press("down", "enter")
        await at.until_open()
        assert at.title().startswith("whole:1")
        at.app.resources.close()
