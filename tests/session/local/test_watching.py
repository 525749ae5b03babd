"""Waiting for changes of a context: those that a build reads, and no others."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from layerscope.errors import UsageError
from layerscope.session.local.build_options import build_options
from layerscope.session.local.watching import WatchedContext


@contextmanager
def writing(*files: Path) -> Iterator[None]:
    """Write files again and again, so that a watcher that starts late sees a change, too."""
    done = Event()

    def write() -> None:
        count = 0
        while not done.wait(0.02):
            count += 1
            for file in files:
                file.write_text(str(count))

    thread = Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def changed(context: WatchedContext, *files: Path) -> list[str]:
    """Return the first changes that are seen while files are written."""
    stop = Event()
    changes = context.changes(stop)
    assert next(changes) == []
    with writing(*files):
        names = next(changes)
    stop.set()
    return names


def watched(folder: Path, *arguments: str, written: Sequence[str] = ()) -> WatchedContext:
    (folder / "Dockerfile").touch()
    return WatchedContext(build_options([*arguments, str(folder)]), "docker", written)


def test_a_change_of_the_context_is_seen_and_one_of_an_ignored_file_is_not(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_text("*.log\n")
    assert changed(watched(tmp_path), tmp_path / "a.log", tmp_path / "page.html") == ["page.html"]


def test_what_a_build_writes_is_no_change(tmp_path: Path) -> None:
    context = watched(tmp_path, "--iidfile", str(tmp_path / "id"), written=[str(tmp_path / "report.json")])
    assert changed(context, tmp_path / "id", tmp_path / "report.json", tmp_path / "page.html") == ["page.html"]


def test_the_dockerfile_is_seen_though_it_is_ignored_or_elsewhere(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_text("*\n")
    assert changed(watched(tmp_path), tmp_path / "Dockerfile") == ["Dockerfile"]
    (tmp_path / "app").mkdir()
    context = watched(tmp_path / "app", "-f", str(tmp_path / "Dockerfile"))
    assert changed(context, tmp_path / "Dockerfile") == ["Dockerfile"]


@pytest.mark.parametrize("context", ["-", "https://example.com/x.git", "missing"])
def test_only_a_folder_can_be_watched(context: str) -> None:
    with pytest.raises(UsageError, match="needs a folder"):
        WatchedContext(build_options([context]), "docker", [])
