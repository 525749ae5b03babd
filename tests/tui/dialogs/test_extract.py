"""Files taken out of the image from the explorer."""

from pathlib import Path

import pytest
from textual.widgets import Input

from layerscope.tui.explorer.screen import ExplorerScreen
from tests.builders import docker_archive, file, image, layer, whiteout
from tests.tui.journeys import Journey, journey


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """An image of two layers, the second of which hides a file of the first."""
    first = layer(file("etc/conf", b"one"), file("srv/data", b"d" * 5000))
    return docker_archive(tmp_path / "small.tar", image(first, layer(file("etc/conf", b"two"), whiteout("srv/data"))))


async def extract_to(at: Journey, target: Path) -> None:
    """Open the dialog, name the folder, and wait for the end."""
    await at.press("x")
    at.app.screen.query_one(Input).value = str(target)
    await at.press("enter")
    await at.settle()


def files_in(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_x_in_the_tree_writes_the_file_at_its_path(small: Path, tmp_path: Path) -> None:
    async with journey(small) as at:
        await at.press("tab", "Z", "down")
        assert at.at() == "/etc/conf"
        await extract_to(at, tmp_path / "out")
        assert isinstance(at.app.screen, ExplorerScreen)
        assert "1 file" in at.screen()
    assert files_in(tmp_path / "out") == {"etc/conf": b"two"}


async def test_x_in_the_layers_writes_all_files_of_that_layer(small: Path, tmp_path: Path) -> None:
    async with journey(small) as at:
        await at.press("left_square_bracket")
        await extract_to(at, tmp_path / "out")
    assert files_in(tmp_path / "out") == {"etc/conf": b"one", "srv/data": b"d" * 5000}


async def test_what_is_there_is_replaced_only_when_asked(small: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    (target / "etc").mkdir(parents=True)
    (target / "etc/conf").write_bytes(b"mine")
    async with journey(small) as at:
        await extract_to(at, target)
        assert "conf" in at.screen()
        assert files_in(target) == {"etc/conf": b"mine"}
        assert "choose to replace it, or another folder" in " ".join(at.screen().split())
        await at.press("tab", "space", "enter")
        await at.settle()
    assert files_in(target)["etc/conf"] == b"two"


async def test_a_folder_that_cannot_be_made_is_told_in_the_dialog(small: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    async with journey(small) as at:
        await extract_to(at, tmp_path / "file" / "out")
        assert "Not a directory" in at.screen()
        await at.press("escape")
        assert isinstance(at.app.screen, ExplorerScreen)


async def test_escape_leaves_and_writes_nothing(small: Path, tmp_path: Path) -> None:
    async with journey(small) as at:
        await at.press("x", "escape")
        assert isinstance(at.app.screen, ExplorerScreen)
    assert files_in(tmp_path).keys() == {"small.tar"}
