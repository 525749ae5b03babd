"""The search in all layers: from the filter, or for the name under the cursor."""

from pathlib import Path

import pytest

from tests.builders import directory, docker_archive, file, image, layer, whiteout
from tests.tui.journeys import Journey, journey

HERE = "1 match, 6 B, 1 in other layers"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    layers = (
        layer(directory("etc"), file("etc/key", b"first"), file("etc/key.pub", b"public")),
        layer(file("etc/key", b"second version")),
        layer(whiteout("etc/key")),
        layer(file("srv/a\x1b[2J", b"odd")),
    )
    return docker_archive(tmp_path / "image.tar", image(*layers, tags=["keys:1"]))


def found(at: Journey) -> list[str]:
    """Return the rows of the panel, with one space between two cells."""
    assert screen(at) == "AllLayersScreen"
    lines = [" ".join(line.strip(" │").split()) for line in at.rows()]
    return [line for line in lines if " /" in line and line[0].isdigit()]


def screen(at: Journey) -> str:
    return type(at.app.screen).__name__


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
async def test_a_key_in_the_filter_lists_what_every_layer_holds(path: Path, size: tuple[int, int]) -> None:
    async with journey(path, size) as at:
        await at.filter("key")
        await at.settle()
        assert at.matches() == HERE
        assert "all layers" in at.rows()[-1]
        await at.press("ctrl+l")
        await at.settle()
        assert [row.split() for row in found(at) if "key" in row][:4] == [
            ["1", "added", "5", "B", "hidden", "by", "2", "/etc/key"],
            ["2", "modified", "14", "B", "hidden", "by", "3", "/etc/key"],
            ["3", "removed", "/etc/key"],
            ["1", "added", "6", "B", "live", "/etc/key.pub"],
        ]
        assert "4 matches in all layers, 1 live" in at.screen()
        await at.press("down")
        assert "COPY layer-2 /" in at.screen()
        await at.press("enter")
        await at.settle()
        assert screen(at) == "FileScreen"
        assert "second version" in at.screen(), "as layer 2 has it, which a later layer removed"
        await at.press("escape", "escape")
        assert at.files.is_filtering, "back at the filter"
        assert at.matches() == HERE


async def test_the_tree_of_the_layer_is_reached_and_left_again(path: Path) -> None:
    async with journey(path) as at:
        await at.filter("key")
        await at.press("enter", "A")
        await at.settle()
        await at.press("down", "t")
        await at.settle()
        assert (at.layer(), at.at(), at.matches()) == (2, "/etc/key", "")
        await at.press("escape")
        await at.settle()
        assert screen(at) == "AllLayersScreen"
        assert "COPY layer-2 /" in at.screen(), "the cursor is where it was"
        await at.press("escape")
        assert (at.layer(), at.at(), at.matches()) == (4, "/etc/key.pub", HERE)


async def test_without_a_filter_the_name_under_the_cursor_is_searched(path: Path) -> None:
    async with journey(path) as at:
        await at.press("A")
        assert at.toasts() == ["There is nothing to search for: / opens a filter."]
        await at.press("tab", "Z", "end", "A")
        await at.settle()
        assert found(at) == [r"4 added 3 B live /srv/a\x1b[2J"]
        await at.press("escape")
        assert at.at().startswith("/srv/a")


async def test_a_letter_is_typed_into_the_filter(path: Path) -> None:
    async with journey(path) as at:
        await at.filter("A")
        assert screen(at) == "ExplorerScreen"
        assert at.files.filter_text == "A"


async def test_a_search_without_a_match_says_so(path: Path) -> None:
    async with journey(path) as at:
        await at.filter("nothing")
        await at.press("ctrl+l")
        await at.settle()
        assert "0 matches in all layers, 0 live" in at.screen()
        await at.press("enter", "t")
        assert at.toasts() == ["Nothing matches."]


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
async def test_a_filter_without_matches_leads_to_other_layers(tmp_path: Path, size: tuple[int, int]) -> None:
    layers = (
        layer(file("etc/a.conf", b"a"), file("etc/b.conf", b"b")),
        layer(file("root/id_rsa", b"secret")),
        layer(whiteout("root/id_rsa")),
        layer(file("srv/x", b"x")),
    )
    path = docker_archive(tmp_path / "image.tar", image(*layers, tags=["keys:1"]))
    async with journey(path, size) as at:
        await at.filter("id_rsa")
        await at.settle()
        assert at.entry() == "0 here · 1 in layer 2, hidden by layer 3 · Enter goes there"
        await at.press("enter")
        assert (at.layer(), at.at()) == (2, "/root/id_rsa")
        await at.press("escape")
        assert (at.layer(), at.matches()) == (4, "0 matches, 0 B, 1 in other layers"), "back at the filter"
        await at.press("escape", "2", "slash", *".conf")
        await at.settle()
        assert at.entry() == "0 here · 2 in other layers · Enter lists them"
        await at.press("enter")
        await at.settle()
        assert len([row for row in found(at) if ".conf" in row]) == 2
        await at.press("escape", "enter")
        assert screen(at) == "AllLayersScreen", "Enter in the empty tree does the same"
