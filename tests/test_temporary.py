"""Temporary folders: locked while their process lives, and removed by the next run after it was killed."""

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

import pytest

from layerscope import temporary as temporary_module
from layerscope.temporary import locked_folder, remove_abandoned_folders, remove_own_folders
from tests.builders import docker_archive, file, image, layer

HOLDER = """
import sys
from contextlib import ExitStack
from layerscope import temporary as temporary_module
from layerscope.temporary import locked_folder
with ExitStack() as stack:
    (locked_folder(stack) / "0.tar").write_bytes(b"x")
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def holder() -> subprocess.Popen[bytes]:
    """Return a process that has a temporary folder with a file."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def test_a_folder_is_private_and_removed_with_its_stack(temporary: Path) -> None:
    with ExitStack() as stack:
        folder = locked_folder(stack)
        assert folder.parent == temporary
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "0.tar").write_bytes(b"x")
    assert list(temporary.iterdir()) == []


def test_a_folder_whose_stack_is_never_closed_is_removed_at_the_end_of_the_run(temporary: Path) -> None:
    (locked_folder(ExitStack()) / "0.tar").write_bytes(b"x")
    remove_own_folders()
    assert list(temporary.iterdir()) == []


def test_a_signal_while_a_folder_is_made_leaves_none(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def made_when_the_signal_comes(_suffix: None, prefix: str) -> str:
        folder = temporary / f"{prefix}new"
        folder.mkdir()
        signal.raise_signal(signal.SIGTERM)
        return str(folder)

    def end(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(number)

    monkeypatch.setattr(tempfile, "mkdtemp", made_when_the_signal_comes)
    kept = signal.signal(signal.SIGTERM, end)
    try:
        with pytest.raises(SystemExit), ExitStack() as stack:
            locked_folder(stack)
    finally:
        signal.signal(signal.SIGTERM, kept)
    assert len(list(temporary.iterdir())) == 1, "no stack knows it yet"
    remove_own_folders()
    assert list(temporary.iterdir()) == []


def test_the_folder_of_a_killed_process_is_removed_by_the_next_run_and_that_of_a_living_one_stays(
    temporary: Path,
) -> None:
    killed, living = holder(), holder()
    try:
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert len(list(temporary.iterdir())) == 2
        with ExitStack() as stack:
            locked_folder(stack)
            assert len(list(temporary.iterdir())) == 2
            assert len(list(temporary.glob("*/0.tar"))) == 1
    finally:
        for process in (killed, living):
            process.kill()
            process.communicate()


def test_a_killed_command_leaves_a_folder_that_the_next_one_removes(temporary: Path, tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "image.tar", image(layer(file("a", b"x" * 100_000))))
    command = [sys.executable, "-m", "layerscope", "layers", "-"]
    with path.open("rb") as archive:
        data = archive.read()
    first = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert first.stdin is not None
    first.stdin.write(data[:70_000])
    first.stdin.flush()
    while not list(temporary.glob("*/0.tar")):
        assert first.poll() is None
    first.kill()
    first.communicate()
    assert len(list(temporary.iterdir())) == 1
    subprocess.run(command, input=data, stdout=subprocess.DEVNULL, check=True)
    assert list(temporary.iterdir()) == []


def test_interrupted_removals_and_creations_are_removed(temporary: Path) -> None:
    (temporary / "layerscope-spool-empty").mkdir()
    half = temporary / "layerscope-spool-half"
    (half / "folder").mkdir(parents=True)
    for name in (".lock", "0.tar", "folder/1.tar"):
        (half / name).write_bytes(b"x")
    remove_abandoned_folders(temporary)
    assert list(temporary.iterdir()) == []


def test_a_folder_that_gets_its_lock_while_it_is_looked_at_stays(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = temporary / "layerscope-spool-new"
    folder.mkdir()
    real_rmdir = Path.rmdir

    def rmdir_after_the_lock(path: Path) -> None:
        (path / ".lock").touch()
        real_rmdir(path)

    monkeypatch.setattr(Path, "rmdir", rmdir_after_the_lock)
    remove_abandoned_folders(temporary)
    assert (folder / ".lock").exists()


def test_what_is_not_a_folder_of_ours_stays(temporary: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_bytes(b"x")
    (temporary / "layerscope-spool-link").symlink_to(outside)
    (temporary / "layerscope-spool-file").write_bytes(b"x")
    (temporary / "layerscope-other").mkdir()
    locked_by_link = temporary / "layerscope-spool-odd"
    locked_by_link.mkdir()
    (locked_by_link / ".lock").symlink_to(outside / "kept")
    before = sorted(temporary.rglob("*"))
    remove_abandoned_folders(temporary)
    assert sorted(temporary.rglob("*")) == before
    assert (outside / "kept").exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder to another user")
def test_the_folder_of_another_user_stays(temporary: Path) -> None:
    folder = temporary / "layerscope-spool-foreign"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    remove_abandoned_folders(temporary)
    assert folder.exists()


def test_a_folder_that_another_run_takes_for_abandoned_is_made_again(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_lock, removed = temporary_module._lock_new, list[Path]()

    def lock_after_removal(folder: Path, stack: ExitStack) -> bool:
        if not removed:
            removed.append(folder)
            remove_abandoned_folders(temporary)
        return real_lock(folder, stack)

    monkeypatch.setattr(temporary_module, "_lock_new", lock_after_removal)
    with ExitStack() as stack:
        folder = locked_folder(stack)
        assert removed
        assert (folder / ".lock").exists()
    assert list(temporary.iterdir()) == []
