import json
import os
from pathlib import Path
from typing import Any

import pytest

from layerscope.cache.cache import Cache
from tests.builders import docker_archive, file, image, layer
from tests.cli.runner import ask

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def archive(tmp_path: Path, capsys: Capture, settled: None) -> Path:  # noqa: ARG001
    """An archive that a listing has kept records of."""
    path = docker_archive(tmp_path / "app.tar", image(layer(file("large", b"x" * 1_500_000))))
    assert ask(capsys, "layers", path).status == 0
    return path


def document(capsys: Capture, *arguments: str) -> Any:
    outcome = ask(capsys, "cache", *arguments, "--json")
    assert (outcome.status, outcome.err) == (0, "")
    return json.loads(outcome.out)


def test_an_empty_cache_is_shown_and_not_made(capsys: Capture, own_cache: Path) -> None:
    shown = document(capsys)
    assert (shown["folder"], shown["size"], shown["records"]) == (str(own_cache), 0, 0)
    assert shown["bound"] > 0
    assert not own_cache.exists()
    assert ask(capsys, "cache", "list").status == 0


@pytest.mark.usefixtures("archive")
def test_the_folder_its_size_and_its_bound_are_shown(capsys: Capture, own_cache: Path) -> None:
    shown = document(capsys)
    assert shown["size"] == sum(path.stat().st_size for path in own_cache.iterdir())
    assert shown["records"] == 2
    text = ask(capsys, "cache").out
    assert str(own_cache) in text
    assert "in 2 records" in text


def test_the_images_are_listed(capsys: Capture, archive: Path) -> None:
    (listed,) = document(capsys, "list")["images"]
    assert (listed["reference"], listed["records"]) == (str(archive), 2)
    assert "app.tar" in "".join(ask(capsys, "cache", "list").out.split())


def test_a_limit_lists_the_images_used_last(capsys: Capture, archive: Path) -> None:
    other = docker_archive(archive.with_name("other.tar"), image(layer(file("large", b"y" * 1_500_000))))
    assert ask(capsys, "layers", other).status == 0
    whole = document(capsys, "list")
    assert len(whole["images"]) == 2
    outcome = ask(capsys, "cache", "list", "--limit", "1", "--json")
    assert json.loads(outcome.out) == whole | {"images": whole["images"][:1], "left_out": 1}
    assert outcome.err == "1 more row left out by --limit 1\n"
    assert len(ask(capsys, "cache", "list", "--limit", "1").out.splitlines()) == 2


@pytest.mark.usefixtures("archive")
def test_clear_removes_everything_but_files_that_are_not_ours(capsys: Capture, own_cache: Path) -> None:
    (own_cache / "notes.txt").write_text("mine")
    size = document(capsys)["size"]
    assert document(capsys, "clear") == {"schema_version": 2, "removed": 2, "freed_size": size}
    assert [path.name for path in own_cache.iterdir()] == ["notes.txt"]
    assert ask(capsys, "cache", "clear").out == "removed 0 records, 0 B\n"


def test_prune_removes_what_is_damaged_or_was_not_used_for_long(
    capsys: Capture, archive: Path, own_cache: Path
) -> None:
    assert document(capsys, "prune")["removed"] == 0
    figures, entries = sorted(Cache(own_cache).entries(), key=lambda entry: entry.size)
    os.truncate(figures.path, 10)
    os.utime(entries.path, (1_000_000, 1_000_000))
    assert (document(capsys)["images"][-1]["reference"], document(capsys)["records"]) == (str(archive), 2)
    assert document(capsys, "prune")["removed"] == 2
    assert list(own_cache.iterdir()) == []


def test_a_folder_that_is_not_private_is_explained(capsys: Capture, archive: Path, own_cache: Path) -> None:
    own_cache.chmod(0o755)
    outcome = ask(capsys, "cache")
    assert outcome.status == 0
    assert "mode 0700" in outcome.err
    assert ask(capsys, "layers", archive).err == ""


def test_a_listing_without_the_cache_neither_reads_nor_keeps(capsys: Capture, archive: Path, own_cache: Path) -> None:
    listed = ask(capsys, "layers", archive, "--json")
    for path in own_cache.iterdir():
        path.unlink()
    assert ask(capsys, "layers", archive, "--json", "--no-cache") == listed
    assert list(own_cache.iterdir()) == []


def test_an_unknown_action_is_a_mistake_of_usage(capsys: Capture) -> None:
    assert "melt" in ask(capsys, "cache", "melt").complaint
