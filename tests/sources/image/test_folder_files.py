"""The files of a folder; nothing outside it is read."""

import os
from pathlib import Path

import pytest

from layerscope.errors import MissingBlob
from layerscope.sources.image.documents import Documents, FolderFiles, holds
from layerscope.sources.open import open_source


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_bytes(b"S")
    inside = tmp_path / "image"
    (inside / "blobs").mkdir(parents=True)
    (inside / "blobs" / "a").write_bytes(b"A")
    return inside


def test_a_file_is_found_by_any_spelling_of_its_name(folder: Path) -> None:
    files = FolderFiles(folder)
    assert [Documents(files).read(name) for name in ("blobs/a", "./blobs/a", "/blobs//a", "blobs/../blobs/a")] == [
        b"A"
    ] * 4


def test_a_symlink_inside_is_followed(folder: Path) -> None:
    (folder / "link").symlink_to("blobs/a")
    assert Documents(FolderFiles(folder)).read("link") == b"A"


def test_a_folder_that_is_itself_a_symlink_is_opened(folder: Path) -> None:
    (folder.parent / "alias").symlink_to("image")
    assert Documents(FolderFiles(folder.parent / "alias")).read("blobs/a") == b"A"


@pytest.mark.parametrize("name", ["../secret", "blobs/../../secret", "out", "blobs-out/secret"])
def test_a_name_outside_the_folder_is_refused(folder: Path, name: str) -> None:
    (folder / "out").symlink_to("../secret")
    (folder / "blobs-out").symlink_to(folder.parent)
    with pytest.raises(MissingBlob, match="is outside"):
        FolderFiles(folder).span(name)


def test_an_index_outside_the_folder_is_refused(folder: Path) -> None:
    (folder / "index.json").symlink_to("../secret")
    with pytest.raises(MissingBlob, match=r"index\.json is outside"):
        open_source(str(folder))


def test_anything_but_a_regular_file_has_no_span(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to("loop")
    files = FolderFiles(folder)
    assert [files.span(name) for name in ("absent", "blobs", "blobs/a/b", "pipe", "nul\0", "")] == [None] * 6
    assert not holds(files, "loop")
    assert not holds(files, "x" * 5000)
