"""The journeys of a user by keys alone, on a large and on a small terminal."""

import os
from pathlib import Path

import pytest

from layerscope.tui.comparison.screen import ComparisonScreen
from layerscope.tui.explorer.screen import ExplorerScreen
from layerscope.tui.file.screen import FileScreen
from layerscope.tui.file_diff.screen import FileDiffScreen
from tests.builders import docker_archive, file, image, layer, whiteout
from tests.samples import SAMPLES
from tests.tui.journeys import MY_APP, Journey, comparing, journey

pytestmark = pytest.mark.thorough

SIZES = [(160, 45), (80, 24)]

STATUS = b"Package: nginx\nStatus: install ok installed\nArchitecture: all\nVersion: 1.26\n\n"


def packaged(tmp_path: Path) -> Path:
    """Return an image in which a package owns a file."""
    install = layer(
        file("etc/nginx/nginx.conf", b"user www;\n"),
        file("var/lib/dpkg/status", STATUS),
        file("var/lib/dpkg/info/nginx.list", b"/etc/nginx/nginx.conf\n"),
    )
    history = [{"created_by": text} for text in ("ADD rootfs.tar /", "RUN apt-get install nginx", "COPY . /srv")]
    layers = (layer(file("etc/hosts", b"1")), install, layer(file("srv/index.html", b"2")))
    return docker_archive(tmp_path / "app.tar", image(*layers, history=history, tags=["app:1"]))


@pytest.mark.parametrize("size", SIZES)
async def test_where_a_file_comes_from_is_on_the_screen_after_the_filter(tmp_path: Path, size: tuple[int, int]) -> None:
    async with journey(packaged(tmp_path), size, plain=False) as at:
        await at.filter("nginx.conf")
        await at.press("enter")
        assert at.at() == "/etc/nginx/nginx.conf"
        assert at.entry().endswith("written by layer 2: RUN apt-get install nginx · nginx 1.26 (dpkg)")


@pytest.mark.parametrize("size", SIZES)
async def test_two_images_lead_to_the_changed_line_in_four_keys(size: tuple[int, int]) -> None:
    async with comparing(SAMPLES / "my-app.tar", SAMPLES / "my-app-v2.tar", size) as at:
        # the cursor goes to the first file that differs
        await at.until(lambda: at.at() == "/var/www/html/logo.svg")
        await at.press("down", "down", "enter")
        await at.settle()
        assert isinstance(at.app.screen, FileDiffScreen)
        assert "/var/www/html/index.html" in at.screen()
        assert "change 1 of " in at.screen()


def seen(at: Journey) -> tuple[object, ...]:
    """Return what a round trip has to bring back."""
    return at.layer(), at.at(), at.focused(), at.frame("files"), at.tree(), at.layers()


WAYS = (
    ("enter",),
    ("enter", "d"),
    ("enter", "H", "enter", "d"),
    ("H", "d", "enter"),
    ("d", "enter"),
    ("w", "2", "3", "1"),
    ("question_mark",),
    ("x",),
)
"""Keys that lead from a file to each of the other screens, some of them by way of others."""


@pytest.mark.parametrize(("size", "ways"), [(SIZES[0], WAYS), (SIZES[1], WAYS[2:6])])
async def test_escape_leads_back_through_every_screen(size: tuple[int, int], ways: tuple[tuple[str, ...], ...]) -> None:
    async with journey(MY_APP, size) as at:
        await at.press("left_square_bracket", "tab", "slash")
        await at.write("nginx.conf")
        await at.press("enter")
        assert at.at() == "/etc/nginx/nginx.conf"
        start = seen(at)
        for way in ways:
            for key in way:
                await at.press(key)
                await at.settle()
            assert not isinstance(at.app.screen, ExplorerScreen), way
            for _ in range(10):
                if isinstance(at.app.screen, ExplorerScreen):
                    break
                await at.press("escape")
                await at.settle()
            assert seen(at) == start, way


@pytest.mark.parametrize("size", SIZES)
async def test_enter_goes_into_a_layer_and_escape_comes_back(size: tuple[int, int]) -> None:
    async with journey(MY_APP, size, plain=False) as at:
        # a small screen unfolds folders when it shows the files
        await at.press("left_square_bracket", "tab", "shift+tab")
        await at.still()
        start = seen(at)
        await at.press("enter")
        assert at.frame("files")[0].startswith("What layer 5 changed · ")
        assert at.focused() == "LayerFileTree"
        await at.press("down", "left_square_bracket", "1")
        assert at.frame("files")[0] == "Files after layer 4"
        await at.press("escape")
        assert at.frame("files")[0].startswith("What layer 4 changed")
        await at.press("escape")
        # the details, and with them the height of the layers, follow in the next picture
        await at.until(lambda: seen(at) == start)
        await at.press("right")
        assert at.frame("files")[0].startswith("What layer 5 changed")
        await at.press("home", "left", "left")
        await at.still()
        assert seen(at) == start
        await at.press("escape", "left")
        await at.still()
        assert seen(at) == start, "there is no way back from the first screen"


async def test_a_layer_that_only_deletes_shows_what_it_hid_by_folder_the_largest_first() -> None:
    async with journey(MY_APP, (110, 35), plain=False) as at:
        await at.press("left_square_bracket", "left_square_bracket", "enter")
        assert at.frame("files")[0] == "What layer 4 changed · 0 B · hides 114 kB, frees nothing"
        assert " size " in at.header()
        assert " hides" in at.header()
        assert at.line_of("var/").split()[1:6] == ["var/", "0", "B", "-114", "kB"]
        assert "114 kB hidden below it" in at.entry()
        await at.press("left_square_bracket", "left_square_bracket", "left_square_bracket")
        assert "hides" not in at.header(), "a layer that hides nothing has no such column"


async def test_going_to_and_fro_between_the_views_makes_no_long_way_back() -> None:
    async with journey(MY_APP) as at:
        await at.press("Z", "tab", "end")
        start = seen(at)
        await at.press("2", "1", "2", "1")
        assert seen(at) == start
        assert "esc back" not in at.key_line()
        await at.press("2", "1", "2", "escape")
        assert seen(at) == start


async def test_a_row_of_the_size_view_leads_to_the_tree_and_escape_back_to_it() -> None:
    async with journey(MY_APP, plain=False) as at:
        start = seen(at)
        await at.press("w", "2", "down")
        await at.settle()
        row = at.screen()
        await at.press("t")
        assert at.focused() == "LayerList"
        await at.press("escape")
        await at.settle()
        assert at.screen() == row
        await at.press("escape", "escape")
        assert seen(at) == start


async def test_escape_shows_the_lines_of_the_tree_that_were_there_before_a_row_of_the_size_view() -> None:
    async with journey(MY_APP, (80, 24)) as at:
        await at.press("tab", "Z", *["pagedown"] * 4, *["up"] * 6)
        start = seen(at)
        await at.press("w", "2", "t")
        await at.settle()
        assert seen(at) != start
        for _ in range(3):
            await at.press("escape")
            await at.settle()
        assert seen(at) == start


@pytest.mark.parametrize("size", [(80, 24), (110, 35), (160, 45), (200, 60)])
async def test_the_tree_opens_by_size_and_fills_the_pane(size: tuple[int, int]) -> None:
    async with journey(MY_APP, size, plain=False) as at:
        await at.press("tab")
        height = at.explorer.file_tree.size.height
        assert at.tree()[0] == "usr/"
        assert len(at.tree()) >= min(height, 119)
        assert at.explorer.file_tree.rows is not None


async def test_many_layers_take_one_line_each(tmp_path: Path) -> None:
    layers = [layer(file(f"file-{number}", b"x" * number)) for number in range(1, 26)]
    path = docker_archive(tmp_path / "many.tar", image(*layers))
    async with journey(path, (160, 45), plain=False) as at:
        lines = at.layers()
        assert [line.split()[0] for line in lines] == [str(number) for number in range(1, 26)]
        assert all("COPY layer-" in line for line in lines)


async def test_zoom_shows_one_pane() -> None:
    async with journey(MY_APP) as at:
        await at.press("tab", "z")
        assert at.explorer.file_tree.size.width > 100
        await at.press("tab")
        assert at.explorer.layer_list.size.width > 100
        await at.press("z")
        assert at.explorer.file_tree.size.width < 80


async def test_the_layer_that_wrote_a_file_lights_up(tmp_path: Path) -> None:
    async with journey(packaged(tmp_path), plain=False) as at:
        assert at.explorer.layer_list._lit == 0
        await at.filter("nginx.conf")
        await at.press("enter")
        assert at.explorer.layer_list._lit == 2
        await at.press("tab")
        assert at.explorer.layer_list._lit == 0


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
async def test_the_bytes_of_a_layer_that_a_later_one_hides_are_hatched_in_its_trees(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    layers = (
        layer(file("var/cache/old", b"o" * 9_000), file("var/cache/new", b"n" * 9_000), file("srv/x", b"x" * 9_000)),
        layer(whiteout("var/cache/old")),
    )
    path = docker_archive(tmp_path / "image.tar", image(*layers, tags=["dead:1"]))
    async with journey(path, size, plain=False) as at:
        await at.press("left_square_bracket", "tab")
        await at.until(lambda: "▒" in at.line_of("var/"))
        for scope in ("2", "1"):
            await at.press(scope)
            assert ["▒" in at.line_of(name) for name in ("var/", "old", "new", "srv/")] == [True, True, False, False]
            assert "█" in at.line_of("var/"), "half of it is live"
        await at.filter("new")
        await at.settle()
        assert "▒" not in at.line_of("var/"), "the match in it is live"
        await at.press("escape", "right_square_bracket")
        assert "▒" not in at.line_of("var/")


@pytest.mark.parametrize("size", SIZES)
async def test_a_file_that_a_layer_added_is_open_after_three_keys_and_left_after_two(size: tuple[int, int]) -> None:
    async with journey(MY_APP, size, plain=False) as at:
        await at.press("enter")
        assert at.frame("files")[0].startswith("What layer 6 changed")
        await at.go_to_row("logo.svg")
        await at.press("enter")
        await at.settle()
        assert isinstance(at.app.screen, FileScreen)
        assert "<svg" in at.screen()
        await at.press("escape")
        assert at.at().endswith("/logo.svg")
        await at.press("escape")
        assert at.focused() == "LayerList"


@pytest.mark.parametrize("size", SIZES)
async def test_what_made_the_image_large_is_one_key_away_and_its_layer_two_more(size: tuple[int, int]) -> None:
    async with journey(MY_APP, size) as at:
        await at.press("w")
        await at.settle()
        assert any(line.strip("│ ").split()[:3:2] == ["1", "kB"] for line in at.rows()), "the advice that saves most"
        await at.press("2")
        await at.settle()
        largest = at.rows()
        assert any("RUN apt-get install" in line for line in largest)
        await at.press("t")
        assert at.layer() == 2
        await at.press("escape")
        await at.settle()
        assert at.rows() == largest


@pytest.mark.parametrize("size", SIZES)
async def test_two_layers_are_compared_by_a_mark_on_the_first(size: tuple[int, int]) -> None:
    async with journey(MY_APP, size) as at:
        await at.press("D", "up", "up", "D")
        await at.settle()
        assert isinstance(at.app.screen, ComparisonScreen)
        assert " → layer 4 " in at.title()
        await at.press("escape")
        assert at.layer() == 4


@pytest.mark.parametrize("size", SIZES)
async def test_a_deleted_file_is_found_where_it_still_ships(tmp_path: Path, size: tuple[int, int]) -> None:
    layers = layer(file("etc/hosts", b"1")), layer(file("root/key", b"secret")), layer(whiteout("root/key"))
    async with journey(docker_archive(tmp_path / "shipped.tar", image(*layers)), size) as at:
        await at.press("up", "up")
        await at.filter("key")
        assert "1 in layer 2, hidden by layer 3" in " ".join(at.screen().split())
        await at.press("enter")
        assert at.layer() == 2
        assert at.at() == "/root/key"
        await at.press("enter")
        await at.settle()
        assert "secret" in at.screen()


@pytest.mark.parametrize("size", SIZES)
async def test_a_file_is_extracted_by_two_keys_and_the_focus_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.chdir(tmp_path)
    async with journey(MY_APP, size) as at:
        await at.filter("logo.svg")
        await at.press("enter")
        before = seen(at)
        await at.press("x", "enter")
        await at.until(at.toasts)
        assert any("logo.svg" in names for *_, names in os.walk("."))
        assert seen(at) == before


@pytest.mark.parametrize("size", SIZES)
async def test_the_files_of_a_package_are_three_keys_away(tmp_path: Path, size: tuple[int, int]) -> None:
    async with journey(packaged(tmp_path), size) as at:
        await at.press("w", "6")
        await at.settle()
        assert any("nginx" in line and "1.26" in line for line in at.rows())
        await at.press("enter")
        await at.settle()
        assert any("/etc/nginx/nginx.conf" in line for line in at.rows())
        await at.press("escape", "escape", "escape")
        assert isinstance(at.app.screen, ExplorerScreen)
