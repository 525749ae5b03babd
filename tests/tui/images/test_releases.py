"""The releases of an image: what their list says, and the ways from the start screen and back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from layerscope.settings.preferences import load_preferences
from layerscope.tui.comparison.screen import ComparisonScreen
from layerscope.tui.images.releases import ReleasesScreen
from layerscope.tui.images.start import StartScreen
from tests.builders import docker_archive, file, image, layer, oci_layout
from tests.registry_server import Server, registry
from tests.releases import RELEASES, release, releases
from tests.tui.images.test_start import go_to, shows
from tests.tui.journeys import Journey, starting


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return oci_layout(tmp_path_factory.mktemp("releases") / "layout", *releases())


@pytest.fixture
def server(layout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Serve the made releases, one of which was opened last; the folder has no image."""
    monkeypatch.chdir(tmp_path)
    with registry(layout) as server:
        load_preferences().remember_opened(f"registry://{server.host}/app:1.5")
        yield server


async def show_releases(at: Journey, name: str) -> None:
    await go_to(at, name)
    await at.press("T")
    await at.until(lambda: shows(at, ReleasesScreen))
    await at.settle()


def row_of(at: Journey, name: str) -> str:
    """Return the words of the row of a release."""
    return next(" ".join(row.split()) for row in at.rows() if f" {name} " in row)


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
async def test_releases_of_a_registry_are_listed_with_the_step_of_each_jump_below_a_plot(
    server: Server, size: tuple[int, int]
) -> None:
    async with starting(size) as at:
        await show_releases(at, "registry://")
        assert at.title() == f"{server.host}/app · 30 releases · by version"
        assert row_of(at, "1.30"), "the newest is the last one, and under the cursor"
        assert any(row.split() == ["blobs", "30", "releases"] for row in at.rows()) is (size == (160, 45))
        await at.filter("openssl")
        assert "1 match" in at.title()
        row = row_of(at, "1.7")
        assert "layer 2: RUN apt-get install" in row
        assert "+80 B" in row, "the growth of the blob"
        await at.press("enter", "y")
        assert at.app.clipboard == f"registry://{server.host}/app:1.7"
        await at.press("escape")
        assert "1 match" not in at.title()
        await at.press("s")
        assert "by time" in at.title()
        assert [key in at.key_line() for key in ("compare", "mark", "open", "more")] == [True, True, True, False]
        await at.press("plus")
        assert "All releases are here." in at.toasts()
        await at.press("escape")
        assert shows(at, StartScreen)


async def test_a_release_is_compared_with_the_one_before_or_with_a_marked_one(server: Server) -> None:
    async with starting((80, 24)) as at:
        await show_releases(at, "registry://")
        await at.filter("openssl")
        await at.press("enter", "enter")
        await at.until(lambda: shows(at, ComparisonScreen))
        await at.until(lambda: "extra" in at.screen())
        assert "app:1.6" in at.title()
        await at.press("escape")
        assert "1 match" in at.title(), "the list is as it was left"
        await at.press("d")
        assert "d on another row compares it with 1.7" in at.screen()
        await at.press("escape", "end", "d")
        await at.until(lambda: shows(at, ComparisonScreen))
        await at.settle()
        assert at.title().startswith("app:1.7")
        assert "app:1.30" in at.title()
        await at.press("escape", "home", "enter")
        assert "This is the first release here: the right arrow opens it." in at.toasts()
        await at.press("right")
        await at.until_open()
        assert at.title().startswith(f"{server.host}/app:1.1 ")
        await at.press("escape")
        assert shows(at, ReleasesScreen)


async def test_of_many_releases_in_a_registry_the_last_ones_come_and_more_on_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("layerscope.tui.images.releases._COSTLY", 500)
    many = oci_layout(tmp_path / "many", *(release(1 + number % RELEASES, f"1.{number}") for number in range(60)))
    with registry(many) as server:
        load_preferences().remember_opened(f"registry://{server.host}/app:1.5")
        async with starting() as at:
            await show_releases(at, "registry://")
            assert "last 50 releases of 60" in at.title()
            assert len([path for path in server.paths if "/manifests/" in path]) <= 3 * 50
            await at.press("plus")
            await at.until(lambda: "60 releases" in at.title())
            await at.press("home", "down", "enter")
            assert any("Comparing these fetches up to" in toast for toast in at.toasts())
            assert shows(at, ReleasesScreen)
            await at.press("enter")
            await at.until(lambda: shows(at, ComparisonScreen))


async def test_releases_of_an_archive_are_those_beside_it_whose_names_differ_in_the_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number, recipe in zip((9, 10, 11), releases("app"), strict=False):
        docker_archive(tmp_path / f"app-1.{number}.tar", recipe)
    docker_archive(tmp_path / "other-1.9.tar", image(layer(file("a")), tags=["other:1.9"]))
    (tmp_path / "app-1.12.tar").write_text("no image")
    async with starting() as at:
        await show_releases(at, "app-1.10.tar")
        assert at.title() == "app · 3 releases · by version"
        await at.press("escape")
        await go_to(at, "other-1.9.tar")
        await at.press("T")
        await at.until(lambda: any("no archive beside it" in toast for toast in at.toasts()))
        assert shows(at, StartScreen)


async def test_why_there_are_no_releases_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    load_preferences().remember_opened("container://docker/web")
    load_preferences().remember_opened("registry://127.0.0.1:1/app:1")
    async with starting() as at:
        for reference, sentence in (("registry://", "refused"), ("container://", "choose an image with a tag")):
            await go_to(at, reference)
            await at.press("T")
            await at.until(lambda sentence=sentence: any(sentence in toast for toast in at.toasts()))  # type: ignore[misc]
            assert shows(at, StartScreen)
