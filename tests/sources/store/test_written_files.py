"""The files that a container has written, described from a folder."""

import os
import socket
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from layerscope.errors import InvalidLayer
from layerscope.model.entries import Kind, LayerEntries, Whiteout
from layerscope.model.image import Compression, Layer, UnpackedLayer
from layerscope.sources.layer.content import open_layer_content
from layerscope.sources.layer.reader import read_layer
from layerscope.sources.store.written_files import WrittenFiles, whiteout, write_tar_split


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder to write to, with a secret beside it."""
    (tmp_path / "secret").write_text("outside")
    (tmp_path / "upper").mkdir()
    return tmp_path / "upper"


@pytest.fixture
def files(folder: Path) -> Iterator[WrittenFiles]:
    """Return the folder, opened."""
    with WrittenFiles(str(folder)) as files:
        yield files


def described(files: WrittenFiles, folder: Path) -> tuple[Layer, LayerEntries]:
    """Return the layer, and its entries as they are read."""
    headers, entries = folder.parent / "headers.gz", LayerEntries()
    with headers.open("wb") as file:
        write_tar_split(file, files.upper_entries())
    layer = Layer(1, None, Compression.NONE, unpacked=UnpackedLayer(str(headers), str(folder)))
    deque(read_layer(layer, entries), maxlen=0)
    assert entries.error is None
    return layer, entries


def kinds(entries: LayerEntries) -> dict[bytes, Kind]:
    return {path: Kind(entries.table.kinds[row]) for row, path in enumerate(entries.paths)}


def test_all_kinds_are_described_but_sockets(files: WrittenFiles, folder: Path) -> None:
    (folder / "etc").mkdir()
    (folder / "etc/file").write_text("x" * 700)
    (folder / "etc/empty").touch()
    (folder / "link").symlink_to("etc")
    (folder / "hard").hardlink_to(folder / "etc/file")
    os.mkfifo(folder / "pipe")
    (folder / os.fsdecode(b"odd\xff\nname")).touch()
    with closing(socket.socket(socket.AF_UNIX)) as unix:
        unix.bind(str(folder / "socket"))
    layer, entries = described(files, folder)
    assert kinds(entries) == {
        b"etc": Kind.DIR,
        b"etc/empty": Kind.FILE,
        b"etc/file": Kind.FILE,
        b"hard": Kind.HARDLINK,
        b"link": Kind.SYMLINK,
        b"odd\xff\nname": Kind.FILE,
        b"pipe": Kind.FIFO,
    }
    row = list(entries.paths).index(b"etc/file")
    with closing(open_layer_content(layer)) as content:
        assert b"".join(content.chunks(entries.table.data_offsets[row], 700)) == b"x" * 700


def test_no_link_leads_out_of_the_folder(files: WrittenFiles, folder: Path) -> None:
    (folder / "out").symlink_to(folder.parent)
    assert list(files.entries_of([b"out/secret"])) == []
    assert files.facts(b"out/secret") is None
    with pytest.raises(InvalidLayer, match="names a file outside the layer"):
        files.facts(b"../secret")


def test_a_file_that_is_replaced_after_it_was_described_is_not_read(files: WrittenFiles, folder: Path) -> None:
    (folder / "file").write_text("1234567")
    layer, entries = described(files, folder)
    (folder / "file").unlink()
    (folder / "file").symlink_to(folder.parent / "secret")
    with closing(open_layer_content(layer)) as content, pytest.raises(InvalidLayer):
        list(content.chunks(entries.table.data_offsets[0], 7))


def test_a_folder_that_the_engine_has_removed_since_is_not_read(files: WrittenFiles, folder: Path) -> None:
    layer, _ = described(files, folder)
    folder.rmdir()
    with pytest.raises(InvalidLayer, match="the engine has removed it from its store"):
        open_layer_content(layer)


def test_a_file_with_the_name_of_a_whiteout_is_one_as_in_a_commit(files: WrittenFiles, folder: Path) -> None:
    (folder / ".wh.gone").touch()
    _, entries = described(files, folder)
    assert entries.whiteouts == [Whiteout(b"gone")]
    assert files.named_as_whiteouts == [b".wh.gone"]
    assert whiteout(b"a/gone").name == "a/.wh.gone"


def test_a_long_chain_of_folders_is_described(files: WrittenFiles, folder: Path) -> None:
    depth = 500
    descriptor = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=descriptor)
        below = os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    os.close(descriptor)
    _, entries = described(files, folder)
    assert len(list(entries.paths)[-1].split(b"/")) == depth
