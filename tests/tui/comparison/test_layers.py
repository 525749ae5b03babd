"""Two layers compared: marked in the explorer, or named on the command line."""

from pathlib import Path

import pytest
from textual.widgets import Input

from layerscope.tui.comparison.layers import ComparedLayers
from layerscope.tui.comparison.screen import ComparisonScreen
from layerscope.tui.file.screen import FileScreen
from layerscope.tui.file_diff.screen import FileDiffScreen
from tests.builders import docker_archive, file, image, layer, whiteout
from tests.tui.journeys import MY_APP, comparing_layers, journey

HISTORY = [{"created_by": text} for text in ("FROM base", "RUN make", "RUN tidy")]


def small(tmp_path: Path) -> Path:
    """Return an image of three layers: the second adds, changes and moves, the third takes back and removes."""
    base = layer(file("etc/conf", b"one"), file("etc/mode", b"x", mode=0o644), file("srv/data", b"d" * 5000))
    make = layer(
        file("etc/conf", b"two"),
        file("etc/mode", b"x", mode=0o755),
        file("opt/big", b"b" * 9000),
        file("srv/moved", b"d" * 5000),
        whiteout("srv/data"),
    )
    tidy = layer(whiteout("opt/big"), file("etc/conf", b"one"))
    return docker_archive(tmp_path / "small.tar", image(base, make, tidy, history=HISTORY))


async def test_capital_d_marks_a_layer_and_on_another_layer_compares_the_two() -> None:
    async with journey(MY_APP) as at:
        await at.press("left_square_bracket", "D")
        assert at.frame("layers")[1] == "D compares another layer with layer 5"
        assert any(line.startswith("5◆") for line in at.layers())
        await at.press("right_square_bracket", "D")
        await at.settle()
        assert isinstance(at.app.screen, ComparisonScreen)
        assert at.frame("files")[0] == "Changes from layer 5 to layer 6"
        await at.press("escape")
        assert at.layer() == 6, "back in the explorer, where it was"


@pytest.mark.parametrize("keys", [("a", "a"), ("right_square_bracket", "left_square_bracket")])
async def test_a_comparison_that_is_returned_to_shows_the_same_lines(keys: tuple[str, str]) -> None:
    async with comparing_layers(MY_APP, ComparedLayers(6, 2), (80, 24)) as at:
        await at.press("pagedown", "pagedown", "up", "up")
        start = at.at(), at.tree()
        await at.press(keys[0])
        await at.settle()
        assert at.tree() != start[1]
        await at.press(keys[1])
        await at.settle()
        assert (at.at(), at.tree()) == start


async def test_capital_d_again_removes_the_mark() -> None:
    async with journey(MY_APP) as at:
        await at.press("D")
        assert at.frame("layers")[1]
        await at.press("D")
        assert not at.frame("layers")[1]


async def test_d_compares_a_layer_with_the_previous_one() -> None:
    async with journey(MY_APP) as at:
        await at.press("d")
        await at.settle()
        assert at.frame("files")[0] == "Changes from layer 5 to layer 6"
        await at.press("shift+tab", "home", "d")
        await at.settle()
        assert at.frame("files")[0] == "Changes from nothing to layer 1"


async def test_a_comparison_starts_at_the_largest_change_even_if_that_is_a_folder(tmp_path: Path) -> None:
    base = layer(*(file(f"doc/package-{number % 50}/{number}", b"x" * 900) for number in range(400)))
    tidy = layer(*(whiteout(f"doc/package-{number}") for number in range(50)), file("doc/README", b"kept"))
    async with comparing_layers(docker_archive(tmp_path / "image.tar", image(base, tidy)), ComparedLayers(1, 2)) as at:
        assert at.tree()[0] == "doc/", "the largest change is on the screen"
        assert at.at() == "/doc/package-0"


async def test_d_compares_a_file_with_its_previous_version(tmp_path: Path) -> None:
    async with journey(small(tmp_path)) as at:
        await at.press("tab", "Z", "down")
        assert at.at() == "/etc/conf"
        await at.press("d")
        await at.settle()
        assert isinstance(at.app.screen, FileDiffScreen)
        assert "two" in at.screen()
        await at.press("escape", "down", "left_square_bracket", "left_square_bracket", "d")
        assert at.toasts() == ["Layer 1 wrote the first version of this file."]


async def test_the_largest_differences_come_first_with_sums_on_folders(tmp_path: Path) -> None:
    async with comparing_layers(small(tmp_path), ComparedLayers(1, 2)) as at:
        assert at.tree() == ["+ opt/", "+ big", "etc/", "~ conf", "~ mode", "srv/", "- data", "+ moved"]
        assert "+9.0 kB" in at.line_of("opt/")
        assert "moved to /srv/" in at.line_of("data")
        assert "content" in at.line_of("conf")
        assert "mode" in at.line_of(" mode")
        assert at.frame("files")[1].startswith("+3 ~2 -1 · +9.0 kB")


async def test_the_cursor_in_the_layer_list_chooses_the_compared_layer(tmp_path: Path) -> None:
    async with comparing_layers(small(tmp_path), ComparedLayers(1, 2)) as at:
        await at.press("right_square_bracket")
        await at.settle()
        assert at.frame("files")[0] == "Changes from layer 1 to layer 3"
        assert at.tree() == ["etc/", "~ mode", "+ opt/", "srv/", "- data", "+ moved"], "conf is what it was"
        await at.press("left_square_bracket", "left_square_bracket")
        await at.settle()
        assert at.frame("files")[0] == "Changes from layer 1 to layer 1"
        assert "No path differs between layer 1 and layer 1." in at.entry()


async def test_a_compares_only_what_the_layers_hold_themselves(tmp_path: Path) -> None:
    async with comparing_layers(small(tmp_path), ComparedLayers(2, 3)) as at:
        assert at.tree() == ["opt/", "- big", "etc/", "~ conf"]
        await at.press("a")
        await at.settle()
        assert at.frame("files")[0] == "Changes from layer 2 alone to layer 3 alone"
        assert "- mode" in at.tree(), "layer 3 holds no such file"


async def test_layers_are_compared_in_any_order_and_with_the_empty_state(tmp_path: Path) -> None:
    async with comparing_layers(small(tmp_path), ComparedLayers(2, 1)) as at:
        assert at.tree()[:2] == ["- opt/", "- big"]
        assert "-9.0 kB" in at.line_of("opt/")
    async with comparing_layers(small(tmp_path), ComparedLayers(0, 1)) as at:
        assert at.frame("files")[0] == "Changes from nothing to layer 1"
        assert "+ conf" in at.tree()


async def test_capital_d_in_the_comparison_marks_another_layer(tmp_path: Path) -> None:
    async with comparing_layers(small(tmp_path), ComparedLayers(1, 3)) as at:
        await at.press("left_square_bracket", "D", "right_square_bracket")
        await at.settle()
        assert at.frame("files")[0] == "Changes from layer 2 to layer 3"


async def test_both_sides_of_a_path_are_described_below_the_tree(tmp_path: Path) -> None:
    async with comparing_layers(small(tmp_path), ComparedLayers(1, 2)) as at:
        await at.press("home", "down", "down", "down", "down")
        assert at.at() == "/etc/mode"
        assert "/etc/mode modified: mode" in at.entry()
        assert "old -rw-r--r--" in at.entry()
        assert "new -rwxr-xr-x" in at.entry()


async def test_c_shows_the_unchanged_files_as_well(tmp_path: Path) -> None:
    async with comparing_layers(small(tmp_path), ComparedLayers(2, 3)) as at:
        assert "moved" not in at.tree()
        await at.press("c")
        assert "moved" in at.tree()
        assert "~ conf" in at.tree()


async def test_the_filter_finds_paths_among_the_differences(tmp_path: Path) -> None:
    async with comparing_layers(small(tmp_path), ComparedLayers(1, 2)) as at:
        await at.filter("conf")
        assert at.tree() == ["etc/", "~ conf"]
        await at.press("escape")
        assert "+ big" in at.tree()


async def test_a_filter_sums_up_the_changes_that_match(tmp_path: Path) -> None:
    old = layer(file("srv/a.py", b"1"), file("srv/b.css", b"1"))
    new = layer(file("srv/a.py", b"1" * 3001), file("srv/b.css", b"1" * 500), file("srv/lib/c.py", b"1" * 4000))
    archive = docker_archive(tmp_path / "two.tar", image(old, new))
    async with comparing_layers(archive, ComparedLayers(1, 2)) as at:
        assert "+2 ~2" in at.line_of("srv/")
        assert "+7.5 kB" in at.line_of("srv/")
        await at.filter("*.py")
        assert at.tree() == ["srv/", "+ lib/", "+ c.py", "~ a.py"]
        assert "+1 ~1" in at.line_of("srv/")
        assert "+7.0 kB" in at.line_of("srv/")
        assert at.matches() == "2 matches, +7.0 kB"
        await at.press("escape")
        assert "+7.5 kB" in at.line_of("srv/")


async def test_brackets_say_that_there_is_no_other_step(tmp_path: Path) -> None:
    async with comparing_layers(small(tmp_path), ComparedLayers(2, 3)) as at:
        await at.press("right_square_bracket")
        assert at.toasts() == ["This is the last step."]
        await at.press("d")
        assert at.toasts()[-1] == "These two states are compared already."


async def test_the_comparison_fits_a_small_screen(tmp_path: Path) -> None:
    async with comparing_layers(small(tmp_path), ComparedLayers(1, 2), (80, 24)) as at:
        assert at.title().endswith("files shown +9.0 kB")
        assert "~ conf" in at.tree()
        await at.press("tab")
        assert "From 1" in at.details()


async def test_enter_on_a_changed_file_compares_its_text(tmp_path: Path) -> None:
    async with comparing_layers(small(tmp_path), ComparedLayers(1, 2)) as at:
        await at.press("home", "down", "down", "down", "enter")
        await at.settle()
        assert isinstance(at.app.screen, FileDiffScreen)
        assert "one" in at.screen()
        assert "two" in at.screen()
        await at.press("escape")
        assert at.at() == "/etc/conf"


async def test_enter_on_an_unchanged_file_opens_it(tmp_path: Path) -> None:
    async with comparing_layers(small(tmp_path), ComparedLayers(2, 3)) as at:
        await at.press("c")
        await at.go_to_row("moved")
        await at.press("enter")
        await at.settle()
        assert isinstance(at.app.screen, FileScreen)
        assert "ddddd" in at.screen()


async def test_x_extracts_the_new_version_or_the_old_one_of_a_removed_file(tmp_path: Path) -> None:
    target = tmp_path / "out"
    async with comparing_layers(small(tmp_path), ComparedLayers(1, 2)) as at:
        for name in ("conf", "data"):
            await at.go_to_row(name)
            await at.press("x")
            at.app.screen.query_one(Input).value = str(target)
            await at.press("enter")
            await at.settle()
    assert (target / "etc/conf").read_bytes() == b"two"
    assert (target / "srv/data").read_bytes() == b"d" * 5000


async def test_a_moved_file_is_compared_with_its_old_version(tmp_path: Path) -> None:
    async with comparing_layers(small(tmp_path), ComparedLayers(1, 2)) as at:
        for name in ("moved", "data"):
            await at.go_to_row(name)
            await at.press("enter")
            await at.settle()
            assert isinstance(at.app.screen, FileDiffScreen)
            assert "/srv/data → /srv/moved" in at.screen()
            assert "Both versions have the same text." in at.screen()
            await at.press("escape")


async def test_folders_have_no_size_if_only_the_layers_themselves_are_compared(tmp_path: Path) -> None:
    async with comparing_layers(small(tmp_path), ComparedLayers(2, 3, own=True)) as at:
        assert at.tree()[:2] == ["opt/", "- big"]
        assert " 0 B" not in at.line_of("opt/")
        assert "-9.0 kB" in at.line_of("opt/")
        await at.press("home")
        assert at.entry() == "/opt unchanged, 1 change below it, -9.0 kB"


async def test_a_small_screen_has_both_totals_and_no_broken_facts_when_the_comparison_opens() -> None:
    async with journey(MY_APP, (80, 24)) as at:
        await at.press("d")
        await at.settle()
        assert at.title().startswith("my-app:v1 · layer 5 273 kB → layer 6 275 kB (+2.4 kB)")
        assert "root:root · 2025-06-15 15:06:40 · 1,455 bytes · layer 6" in at.entry()
