"""The start screen: what it lists, how a row opens, and the way back."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from textual.screen import Screen

from layerscope.model.engine import Engine
from layerscope.model.local import Container, LayeredImage, LocalImage, StoredLayer
from layerscope.session.image_session import ImageSession
from layerscope.session.local.listing import EngineListing
from layerscope.session.open import UndecidedImage, open_or_choose
from layerscope.settings.preferences import load_preferences
from layerscope.text import human_size
from layerscope.tui.comparison.screen import ComparisonScreen
from layerscope.tui.images.chooser import ChooserScreen
from layerscope.tui.images.opening import OpeningScreen
from layerscope.tui.images.start import StartScreen
from tests.builders import docker_archive, file, image, layer, oci_layout
from tests.sources.engine.fake_engine import answer, fake_engine
from tests.tui.journeys import Journey, journey, starting

NO_DOCKER = "docker at unix:///no/docker.sock: no such socket"
NO_PODMAN = "podman at unix:///no/podman.sock: no such socket"
NO_CONTAINERD = "containerd at unix:///no/containerd.sock: permission denied"
REFUSALS = {"podman": (NO_PODMAN,), "containerd": (NO_CONTAINERD,)}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with two archives and a layout."""
    monkeypatch.chdir(tmp_path)
    docker_archive(tmp_path / "app.tar", image(layer(file("etc/hosts", b"1")), tags=["app:1"]))
    docker_archive(tmp_path / "two.tar", *(image(layer(file(name)), tags=[f"{name}:1"]) for name in ("red", "blue")))
    oci_layout(tmp_path / "layout", image(layer(file("b"))))
    return tmp_path


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let docker have two images and a container, and podman not answer."""
    images = [
        LocalImage(Engine.DOCKER, ("app:1", "app:latest"), "sha256:c0ffee", 402_000_000, 1_795_468_740, 210_000_000, 4),
        LocalImage(Engine.DOCKER, (), "sha256:beef", 900_000_000, 1_695_468_740, 0, 1),
    ]
    containers = [Container(Engine.DOCKER, "0123456789abcdef", "web", "app:1", "running", 12_000)]

    def listed(found: list[Any]) -> Callable[[str], EngineListing[Any]]:
        return lambda engine: EngineListing(found if engine == "docker" else [], REFUSALS.get(engine, ()))

    monkeypatch.setattr("layerscope.tui.images.start.local_images", listed(images))
    monkeypatch.setattr("layerscope.tui.images.start.local_containers", listed(containers))


def lines(at: Journey) -> list[str]:
    """Return the words of each line of the list."""
    return [" ".join(row.split()) for row in at.rows()[1:-2] if row.strip()]


def shows(at: Journey, kind: type[Screen[Any]]) -> bool:
    return isinstance(at.app.screen, kind)


def chosen(at: Journey) -> str:
    """Return the name of the row under the cursor."""
    screen = at.app.screen
    assert isinstance(screen, StartScreen)
    assert screen.list.row is not None
    return screen.list.row.name


async def go_to(at: Journey, name: str) -> None:
    screen = at.app.screen
    assert isinstance(screen, StartScreen)
    await at.press("home")
    while screen.list.row is None or name not in screen.list.row.name:
        await at.press("down")


@pytest.mark.usefixtures("engines", "folder")
async def test_images_containers_and_archives_stand_below_each_other_the_newest_first() -> None:
    async with starting((120, 30)) as at:
        shown = lines(at)
        assert shown[0] == "Local images size shared unique created id"
        assert shown[1].startswith("app:1, app:latest 402 MB 210 MB 192 MB 2026-11-23 ")
        assert shown[1].endswith("docker c0ffee")
        assert shown[2].startswith("(no tag) 900 MB 0 B 900 MB 2023-09-23 ")
        assert shown[3:5] == ["Containers writable state id", "web (app:1) 12 kB running docker 0123456789ab"]
        assert shown[5] == "In this folder size modified"
        assert {line.split()[0] for line in shown[6:9]} == {"app.tar", "layout", "two.tar"}
        assert at.title() == "layerscope · 2 images · 1 container · 3 in this folder · newest first"
        blank = [number for number, row in enumerate(at.rows()) if not row.strip()]
        assert {4, 7} <= set(blank), "above the headings, where there is room"
        await at.pilot.resize_terminal(120, 13)
        await at.settle()
        assert at.rows()[3].split()[:2] == ["(no", "tag)"]
        assert at.rows()[4].startswith(" Containers")


@pytest.mark.usefixtures("engines", "folder")
async def test_an_engine_that_does_not_answer_is_named_with_the_reason() -> None:
    async with starting() as at:
        assert NO_PODMAN in at.screen()
        # Docker runs on a containerd that only root may ask
        assert NO_CONTAINERD not in at.screen()


@pytest.mark.usefixtures("engines", "folder")
async def test_rows_are_sorted_by_time_size_or_name() -> None:
    async with starting() as at:
        await at.press("s")
        assert lines(at)[1].startswith("app:1"), "images without a tag are the last ones"
        assert "largest first" in at.title()
        await at.press("s")
        assert [line.split()[0] for line in lines(at)[6:9]] == ["app.tar", "layout", "two.tar"]
        await at.press("s")
        assert lines(at)[1].startswith("app:1")


@pytest.mark.usefixtures("engines", "folder")
async def test_the_cursor_stays_on_its_row_when_everything_is_listed_again() -> None:
    async with starting() as at:
        await go_to(at, "layout")
        await at.press("r")
        await at.until_listed()
        assert chosen(at) == "layout"
        await at.filter("no such image")
        await at.press("escape")
        assert chosen(at) == "layout"


@pytest.mark.usefixtures("engines")
async def test_a_layout_has_the_size_of_its_blobs(folder: Path) -> None:
    size = sum(blob.stat().st_size for blob in (folder / "layout/blobs/sha256").iterdir())
    async with starting((120, 30)) as at:
        (row,) = [line for line in lines(at) if line.startswith("layout ")]
        assert row.startswith(f"layout {human_size(size)} ")


@pytest.mark.usefixtures("engines")
async def test_layers_that_images_share_stand_last_and_open_the_newest_that_holds_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    shared = StoredLayer(f"sha256:{'d' * 64}", "d", 210_000_000, "ADD rootfs.tar /")
    others = [(StoredLayer(name, name, 5, f"COPY {name} /"),) for name in "ab"]
    layered = [
        LayeredImage(
            LocalImage(Engine.DOCKER, (f"app:{number}",), str(number), None, None), (shared, *own), frozenset()
        )
        for number, own in enumerate(others)
    ]
    monkeypatch.setattr(
        "layerscope.tui.images.start.layered_images",
        lambda engine: EngineListing(layered if engine == "docker" else []),
    )
    async with starting((120, 30)) as at:
        await at.until(lambda: "ADD rootfs.tar /" in at.screen())
        shown = lines(at)
        heading = shown.index("Layers that images share size held by id")
        assert shown[heading + 1] == f"ADD rootfs.tar / 210 MB 2 images docker {'d' * 12}"
        await at.press("shift+tab")
        assert isinstance(at.app.screen, StartScreen)
        assert at.app.screen.list.row is not None
        assert at.app.screen.list.row.reference == "docker://app:0"
        assert "docker://app:0  ADD rootfs.tar /, app:0, app:1" in at.screen()
        await at.filter("app:1")
        assert "ADD rootfs.tar /" in at.screen(), "a layer is found by the images that hold it"


@pytest.mark.usefixtures("engines", "folder")
async def test_a_filter_leaves_the_rows_that_match_and_esc_clears_it() -> None:
    async with starting() as at:
        await at.filter("app")
        await at.press("enter")
        shown = lines(at)
        assert [line.split()[0] for line in shown[:6]] == ["Local", "app:1,", "Containers", "web", "In", "app.tar"]
        await at.press("escape")
        assert "two.tar" in at.screen()
        await at.filter("nothing like it")
        assert lines(at)[0] == "As typed"
        await at.press("escape")
        await at.filter("re:nothing")
        assert "Nothing matches." in at.screen()


@pytest.mark.usefixtures("folder")
async def test_what_is_typed_can_be_opened_itself_and_errors_are_said_in_a_line(folder: Path) -> None:
    (folder / "deep").mkdir()
    docker_archive(folder / "deep/other.tar", image(layer(file("a")), tags=["other:1"]))
    async with starting() as at:
        await at.filter("deep/other.tar")
        await at.press("enter", "enter")
        await at.until_open()
        assert at.title().startswith("other:1")
        await at.press("escape", "escape")
        await at.filter("no.tar")
        await at.press("enter", "enter")
        await at.until(lambda: "no.tar" in " ".join(at.toasts()))
        assert shows(at, StartScreen)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
async def test_two_marked_images_are_compared_and_esc_comes_back(folder: Path, size: tuple[int, int]) -> None:
    docker_archive(folder / "new.tar", image(layer(file("etc/hosts", b"1"), file("etc/added", b"2")), tags=["app:2"]))
    async with starting(size) as at:
        await go_to(at, "app.tar")
        await at.press("m")
        assert "m on another row compares it with app.tar" in at.screen()
        await at.press("m")
        assert "m on another row" not in at.screen()
        await at.press("m")
        await go_to(at, "new.tar")
        await at.press("m")
        await at.until(lambda: shows(at, ComparisonScreen))
        await at.until(lambda: "/etc/added  added" in at.screen())
        assert at.title().startswith("app:1 1 B → app:2 2 B")
        await at.press("escape")
        assert shows(at, StartScreen)
        assert chosen(at) == "new.tar"
        assert "m on another row" not in at.screen()
        assert all(opened.layers.is_stopped() for opened in at.app.images if isinstance(opened, ImageSession))


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
async def test_an_image_is_compared_with_another_from_its_explorer(folder: Path, size: tuple[int, int]) -> None:
    archive = docker_archive(folder / "new.tar", image(layer(file("etc/hosts", b"12")), tags=["app:2"]))
    async with journey(archive, size) as at:
        await at.press("C")
        await at.until(lambda: shows(at, StartScreen))
        await at.until_listed()
        assert at.title().startswith("Compare app:2 with")
        await go_to(at, "app.tar")
        assert "mark" not in at.key_line()
        await at.press("enter")
        await at.until(lambda: shows(at, ComparisonScreen))
        await at.until(lambda: "/etc/hosts  modified" in at.screen())
        assert at.title().startswith("app:2 2 B → app:1 1 B")
        await at.press("escape")
        assert shows(at, StartScreen)
        await at.press("escape")
        assert at.title().startswith("app:2")
        assert at.layer() == 1


@pytest.mark.usefixtures("engines")
async def test_a_long_path_that_was_opened_last_has_the_room_of_the_columns_that_it_lacks() -> None:
    reference = f"/srv/{'long/' * 10}app.tar"
    load_preferences().remember_opened(reference)
    async with starting((80, 24)) as at:
        assert any(line.startswith(f"{reference} ") for line in lines(at))


@pytest.mark.usefixtures("engines", "folder")
async def test_the_cursor_stands_on_rows_only() -> None:
    async with starting() as at:
        screen = at.app.screen
        assert isinstance(screen, StartScreen)
        for key in ("home", "up", *["down"] * 7, "up", "end", "pageup", "pagedown", *["up"] * 9):
            await at.press(key)
            assert screen.list.row is not None, key


@pytest.mark.usefixtures("engines", "folder")
async def test_tab_goes_round_the_sections() -> None:
    async with starting() as at:
        screen = at.app.screen
        assert isinstance(screen, StartScreen)
        seen = []
        for key in ("tab", "tab", "tab", "shift+tab"):
            await at.press(key)
            assert screen.list.row is not None
            seen.append(screen.list.row.section.title)
        assert seen == ["Containers", "In this folder", "Local images", "In this folder"]


@pytest.mark.usefixtures("folder")
async def test_a_row_opens_and_esc_comes_back_to_it() -> None:
    async with starting() as at:
        await go_to(at, "app.tar")
        await at.press("enter")
        await at.until_open()
        assert at.title().startswith("app:1")
        await at.press("escape")
        assert isinstance(at.app.screen, StartScreen)
        assert at.app.screen.list.row is not None
        assert at.app.screen.list.row.name == "app.tar"
        assert all(opened.layers.is_stopped() for opened in at.app.images if isinstance(opened, ImageSession))
        await at.press("escape", "escape")
        assert at.app.return_code is None, "Esc never quits"
        await at.press("q")
        assert at.app.return_code == 0


@pytest.mark.usefixtures("folder")
async def test_an_archive_of_several_images_opens_by_way_of_its_chooser() -> None:
    async with starting() as at:
        await go_to(at, "two.tar")
        await at.press("enter")
        await at.until(lambda: shows(at, ChooserScreen))
        for name in ("red:1", "blue:1"):
            await at.press("enter")
            await at.until_open()
            assert at.title().startswith(name)
            await at.press("escape", "down")
            assert shows(at, ChooserScreen)
        await at.press("escape")
        assert shows(at, StartScreen)


@pytest.mark.usefixtures("folder")
async def test_of_a_marked_archive_with_several_images_one_is_chosen_to_compare() -> None:
    async with starting() as at:
        await go_to(at, "two.tar")
        await at.press("m")
        await go_to(at, "app.tar")
        await at.press("m")
        await at.until(lambda: shows(at, ChooserScreen))
        await at.press("down", "enter")
        await at.until(lambda: shows(at, ComparisonScreen))
        assert "blue:1" in at.screen()
        await at.press("escape")
        assert shows(at, StartScreen)


@pytest.mark.usefixtures("folder")
async def test_what_cannot_be_opened_says_why_and_the_list_stays(folder: Path) -> None:
    async with starting() as at:
        await go_to(at, "app.tar")
        (folder / "app.tar").write_text("gone")
        await at.press("enter")
        await at.until(lambda: "app.tar is a text file, not an image" in " ".join(at.screen().split()))
        assert shows(at, StartScreen)


async def test_where_there_is_nothing_it_says_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with starting((80, 24)) as at:
        assert "docker save my-app:v1 | layerscope -" in at.screen()
        assert NO_DOCKER in at.screen()
        assert NO_PODMAN in at.screen()
        # Docker runs on a containerd that only root may ask
        assert NO_CONTAINERD not in at.screen()


async def test_refresh_lists_what_has_come(folder: Path) -> None:
    async with starting() as at:
        docker_archive(folder / "new.tar", image(layer(file("c"))))
        await at.press("r")
        await at.until_listed()
        assert "new.tar" in at.screen()


@pytest.fixture
def silent_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An engine that lists an image, and never sends it."""
    listed = {"Id": f"sha256:{'a' * 64}", "RepoTags": ["app:1"], "Size": 5}
    answers: Mapping[str, bytes] = {
        "/images/json": answer(json.dumps([listed]).encode()),
        "/containers/json": answer(b"[]"),
        "/images/app:1/json": answer(json.dumps(listed | {"RootFS": {"Layers": []}}).encode()),
        f"/images/sha256:{'a' * 64}/json": answer(json.dumps(listed | {"RootFS": {"Layers": []}}).encode()),
        "/info": answer(b"{}"),
    }
    monkeypatch.chdir(tmp_path)
    with fake_engine(tmp_path / "docker.sock", answers) as engine:
        monkeypatch.setenv("DOCKER_HOST", engine.host)
        yield


@pytest.mark.usefixtures("silent_engine")
async def test_esc_cancels_an_opening_that_takes_long() -> None:
    async with starting() as at:
        await at.press("enter")
        await at.until(lambda: "Opening docker://app:1" in at.screen())
        assert shows(at, OpeningScreen)
        await at.press("escape")
        assert shows(at, StartScreen)
        assert all(thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread())


@pytest.mark.usefixtures("folder")
async def test_an_image_that_opens_below_the_palette_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    may_open = threading.Event()

    def open_later(*arguments: Any, **options: Any) -> ImageSession | UndecidedImage:
        may_open.wait(20)
        return open_or_choose(*arguments, **options)

    monkeypatch.setattr("layerscope.tui.images.start.open_or_choose", open_later)
    async with starting() as at:
        await at.filter("app.tar")
        await at.press("enter", "enter", "ctrl+p")
        assert not shows(at, OpeningScreen)
        may_open.set()
        await at.until_open()
        await at.press("escape")
        assert shows(at, StartScreen)
