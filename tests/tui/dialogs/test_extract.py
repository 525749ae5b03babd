"""The dialog that extracts files from the explorer."""

from pathlib import Path
from threading import Event
from typing import Any

import pytest
from textual.widgets import Input

from layerscope.errors import ReadingStopped
from layerscope.extraction.extract import extract
from layerscope.extraction.options import Extracted
from layerscope.model.progress import Progress
from layerscope.tui.dialogs.extract import ExtractScreen
from layerscope.tui.explorer.screen import ExplorerScreen
from tests.builders import docker_archive, file, image, layer, whiteout
from tests.tui.journeys import Journey, journey


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """An image of two layers, the second of which hides a file of the first."""
    first = layer(file("etc/conf", b"one"), file("srv/data", b"d" * 5000))
    return docker_archive(tmp_path / "small.tar", image(first, layer(file("etc/conf", b"two"), whiteout("srv/data"))))


async def extract_to(at: Journey, target: Path) -> None:
    """Open the dialog, enter the folder, and wait for the end."""
    await at.press("x")
    at.app.screen.query_one(Input).value = str(target)
    await at.press("enter")
    await at.settle()


def files_in(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_x_in_the_tree_extracts_the_file(small: Path, tmp_path: Path) -> None:
    async with journey(small) as at:
        await at.press("tab", "Z", "down")
        assert at.at() == "/etc/conf"
        await extract_to(at, tmp_path / "out")
        assert isinstance(at.app.screen, ExplorerScreen)
        assert "1 file" in at.screen()
    assert files_in(tmp_path / "out") == {"etc/conf": b"two"}


async def test_the_notice_names_the_whole_path_and_counts_what_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    entries = [file(name, records={"SCHILY.xattr.user.a": "1"}) for name in "ab"]
    async with journey(docker_archive(tmp_path / "a.tar", image(layer(*entries))), (160, 40)) as at:
        await extract_to(at, Path("out"))
        (notice,) = at.app._notifications
        assert notice.message == f"2 files (0 B) to {tmp_path / 'out'}; without the xattrs of 2 paths"


async def test_the_dialog_says_what_it_writes_and_where_before_it_does(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def planned(at: Journey) -> str:
        # a long path is folded
        return at.text_of("#plan").replace(" ", "")

    async with journey(small, (160, 40)) as at:
        await at.press("left_square_bracket", "x")
        await at.until(lambda: planned(at) == f"2files,5.0kB→{tmp_path}/extracted")
        at.app.screen.query_one(Input).value = "../elsewhere"
        await at.until(lambda: planned(at).endswith(f"→{tmp_path.parent}/elsewhere"))
        await at.press("escape", "tab", "Z", "down", "x")
        await at.until(lambda: planned(at) == f"1file,3B→{tmp_path}/extracted/etc/conf")
        assert not (tmp_path / "extracted").exists()


async def test_x_in_the_layer_list_extracts_all_files_of_the_layer(small: Path, tmp_path: Path) -> None:
    async with journey(small) as at:
        await at.press("left_square_bracket")
        await extract_to(at, tmp_path / "out")
    assert files_in(tmp_path / "out") == {"etc/conf": b"one", "srv/data": b"d" * 5000}


async def test_what_a_layer_removed_is_extracted_as_it_was_before(small: Path, tmp_path: Path) -> None:
    async with journey(small) as at:
        await at.press("tab", "Z", "down", "down", "down")
        assert at.at() == "/srv/data"
        await at.press("x")
        assert "Extract /srv/data after layer 1 into" in at.screen()
        at.app.screen.query_one(Input).value = str(tmp_path / "out")
        await at.press("enter")
        await at.settle()
    assert files_in(tmp_path / "out") == {"srv/data": b"d" * 5000}


async def test_a_file_that_a_broken_layer_cuts_is_skipped(tmp_path: Path) -> None:
    cut = layer(file("a", b"one"), file("b", bytes(9000)))[:3000]
    async with journey(docker_archive(tmp_path / "cut.tar", image(cut))) as at:
        await extract_to(at, tmp_path / "out")
        (notice,) = at.app._notifications
        assert "skipped: /b (the layer ends before" in notice.message
    assert files_in(tmp_path / "out") == {"a": b"one"}


async def test_existing_files_are_replaced_only_if_the_user_chooses_so(small: Path, tmp_path: Path) -> None:
    target = tmp_path / ("long-name-" * 20) / "out"
    (target / "etc").mkdir(parents=True)
    (target / "etc/conf").write_bytes(b"mine")
    async with journey(small) as at:
        await extract_to(at, target)
        assert files_in(target) == {"etc/conf": b"mine"}
        assert "Choose to replace existing files, or enter another folder." in at.screen()
        await at.press("tab", "space", "enter")
        await at.settle()
    assert files_in(target)["etc/conf"] == b"two"


async def test_the_dialog_says_why_a_folder_cannot_be_created(small: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    async with journey(small) as at:
        await extract_to(at, tmp_path / "file" / "out")
        assert "Not a directory" in at.text_of("#error")
        await at.press("escape")
        assert isinstance(at.app.screen, ExplorerScreen)


async def test_escape_closes_the_dialog_and_writes_nothing(small: Path, tmp_path: Path) -> None:
    async with journey(small) as at:
        await at.press("x", "escape")
        assert isinstance(at.app.screen, ExplorerScreen)
    assert files_in(tmp_path).keys() == {"small.tar"}


async def test_ctrl_c_asks_once_before_it_stops_the_writing(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_started, never = Event(), Event()

    def write_on(*_arguments: object, progress: Progress, **_options: object) -> Extracted:
        has_started.set()
        while not never.wait(0.01):
            progress(1, 2)
        raise AssertionError("nothing sets the event")

    monkeypatch.setattr("layerscope.tui.dialogs.extract.extract", write_on)
    async with journey(small) as at:
        await at.press("x")
        at.app.screen.query_one(Input).value = str(tmp_path / "out")
        await at.press("enter")
        await at.until(has_started.is_set)
        await at.press("end", "ctrl+c")
        assert at.app.return_code != 0
        assert any("press Ctrl+C again" in notice.message for notice in at.app._notifications)
        await at.press("ctrl+c")
        assert at.app.return_code == 0


class HeldExtraction:
    """An extraction that goes on until it may end; stopped, it removes what it has written as slowly."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.has_started, self.may_end = Event(), Event()
        monkeypatch.setattr("layerscope.tui.dialogs.extract.extract", self._extract)

    def _extract(self, *arguments: Any, progress: Progress, **options: Any) -> Extracted:
        self.has_started.set()
        try:
            while not self.may_end.wait(0.01):
                progress(1, 2)
        except ReadingStopped:
            self.may_end.wait(20)
            raise
        return extract(*arguments, **options)


async def test_the_dialog_says_what_is_being_written_until_it_has_been_removed(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    held, target = HeldExtraction(monkeypatch), str(tmp_path / "out")
    async with journey(small) as at:
        await at.press("x")
        field = at.app.screen.query_one(Input)
        field.value = target
        await at.press("enter")
        await at.until(held.has_started.is_set)
        await at.press("z", "tab", "space", "q", "enter")
        assert field.value == target
        assert "[ ] replace existing files" in at.screen()
        assert at.screen().isascii()
        await at.press("escape")
        assert at.text_of("#hint") == "Stopping: what has been written is being removed."
        held.may_end.set()
        await at.until(lambda: isinstance(at.app.screen, ExplorerScreen))
        assert "Nothing was written." in at.screen()


async def test_the_end_closes_the_dialog_below_the_palette(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = HeldExtraction(monkeypatch)
    async with journey(small) as at:
        await at.press("x")
        at.app.screen.query_one(Input).value = str(tmp_path / "out")
        await at.press("enter", "ctrl+p")
        assert not isinstance(at.app.screen, ExtractScreen)
        held.may_end.set()
        await at.until(lambda: isinstance(at.app.screen, ExplorerScreen))
    assert files_in(tmp_path / "out") == {"etc/conf": b"two"}


async def test_ctrl_c_asks_again_for_other_files(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with journey(small) as at:
        for number in range(2):
            held = HeldExtraction(monkeypatch)
            await at.press("x")
            at.app.screen.query_one(Input).value = str(tmp_path / f"out-{number}")
            await at.press("enter")
            await at.until(held.has_started.is_set)
            await at.press("end", "ctrl+c")
            assert at.app.is_running
            held.may_end.set()
            await at.until(lambda: isinstance(at.app.screen, ExplorerScreen))


async def test_the_end_of_the_work_leaves_a_dialog_that_has_been_left_alone(small: Path) -> None:
    async with journey(small) as at:
        await at.press("x")
        dialog = at.app.screen
        dialog.post_message(ExtractScreen.Ended(Extracted(1, 0, 0, 0, 0, 3, ())))
        dialog.dismiss()
        await at.settle()
        assert isinstance(at.app.screen, ExplorerScreen)


async def test_escape_stops_the_work_that_has_not_begun(small: Path, tmp_path: Path) -> None:
    async with journey(small) as at:
        await at.press("x")
        dialog = at.app.screen
        assert isinstance(dialog, ExtractScreen)
        dialog.query_one(Input).value = str(tmp_path / "out")
        dialog.action_write()
        dialog.action_leave()
        await at.settle()
        assert isinstance(at.app.screen, ExplorerScreen)
        assert "Nothing was written." in at.screen()
    assert not files_in(tmp_path / "out")
