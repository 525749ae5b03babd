"""Files that shrink or are replaced after the image was opened: an error, never a short or wrong list."""

import os
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from layerscope.errors import InvalidLayer
from layerscope.model.entries import LayerEntries
from layerscope.model.image import Compression, FileSpan, Image, Layer, UnpackedLayer
from layerscope.session.reading.layer_reading import read_whole
from layerscope.sources.layer.content import open_layer_content
from layerscope.sources.layer.random_access import SpoolBudget, open_random_content
from layerscope.sources.layer.reader import read_layer
from layerscope.sources.open import open_source
from tests.builders import compressed, docker_archive, file, image, layer, oci_layout
from tests.tars import END, entry

TAR = b"".join(entry(b"%d" % number, b"content" * 200) for number in range(400))
CHANGED = "its file has changed since it was opened"


def opened_layer(path: Path, tar: bytes, compression: Compression) -> Layer:
    blob = compressed(tar, compression)
    path.write_bytes(blob)
    return Layer(1, FileSpan.of_file(str(path), path.stat()), compression)


def listed_after(found: Layer) -> LayerEntries:
    entries = LayerEntries()
    list(read_layer(found, entries))
    return entries


@pytest.mark.parametrize("end", [b"", END], ids=["without zero blocks", "with zero blocks"])
@pytest.mark.parametrize("compression", [Compression.NONE, Compression.GZIP])
@pytest.mark.parametrize("left", [0, 1, 1000, 1024, 1535, 10_000])
def test_a_file_that_shrinks_before_it_is_listed_is_an_error(
    tmp_path: Path, end: bytes, compression: Compression, left: int
) -> None:
    found = opened_layer(tmp_path / "layer", TAR + end, compression)
    with (tmp_path / "layer").open("r+b") as opened:
        opened.truncate(max(1, (tmp_path / "layer").stat().st_size - 1 - left))
    assert listed_after(found).error == CHANGED


@pytest.mark.parametrize("end", [b"", END], ids=["without zero blocks", "with zero blocks"])
@pytest.mark.parametrize("kept", [1.0, 0.999, 0.7, 0.4])
def test_a_file_that_shrinks_while_it_is_listed_is_an_error_and_keeps_what_was_read(
    tmp_path: Path, end: bytes, kept: float
) -> None:
    path = tmp_path / "layer"
    tar = TAR * 12 + end
    found = opened_layer(path, tar, Compression.NONE)
    entries = LayerEntries()
    reading = read_layer(found, entries)
    next(reading)
    assert 0 < len(entries.table) < 4800
    with path.open("r+b") as opened:
        opened.truncate(int((len(tar) - 1) * kept))
    list(reading)
    assert entries.error is not None
    assert list(entries.paths) == [b"%d" % (number % 400) for number in range(len(entries.table))]


@pytest.mark.parametrize("compression", [Compression.NONE, Compression.GZIP, Compression.ZSTD])
def test_a_file_that_is_replaced_or_written_to_is_an_error(tmp_path: Path, compression: Compression) -> None:
    path = tmp_path / "layer"
    found = opened_layer(path, TAR + END, compression)
    assert listed_after(found).error is None
    path.rename(tmp_path / "kept")
    other = entry(b"other", b"content" * 200) + TAR[2048:] + END
    path.write_bytes(compressed(other, compression))
    assert listed_after(found).error == CHANGED
    for contents in (lambda: closing(open_layer_content(found)), lambda: open_random_content(found, SpoolBudget())):
        with pytest.raises(InvalidLayer, match=CHANGED):
            contents()


@pytest.mark.parametrize("compression", [Compression.NONE, Compression.GZIP, Compression.ZSTD])
def test_a_file_that_is_written_to_while_the_image_is_open_gives_no_other_bytes(
    tmp_path: Path, compression: Compression
) -> None:
    found = opened_layer(tmp_path / "layer", TAR * 8 + END, compression)
    with closing(open_random_content(found, SpoolBudget())) as content:
        first = content.read(512, 7)
        (tmp_path / "layer").write_bytes(compressed(TAR.replace(b"content", b"CONTENT") * 8 + END, compression))
        # the clock of a file system may stand still for some milliseconds
        os.utime(tmp_path / "layer", ns=(0, 0))
        with pytest.raises(InvalidLayer, match=CHANGED):
            content.read(512 if compression is not Compression.ZSTD else len(TAR) * 8 - 1024, 7)
        # the start of it has been spooled
        assert compression is not Compression.ZSTD or content.read(512, 7) == first


@pytest.mark.parametrize("write", [docker_archive, oci_layout])
def test_an_image_that_is_saved_again_is_not_listed_as_the_one_that_was_opened(tmp_path: Path, write: object) -> None:
    assert callable(write)
    path = tmp_path / "image"
    recipes = [image(layer(*(file(f"{name}{number}", b"x" * 3000) for number in range(50)))) for name in "ab"]
    path = write(path, recipes[0])
    with open_source(str(path)) as source:
        chosen: Image = source.choose()
        blob = chosen.layers[0].blob
        assert blob is not None
        written = Path(blob.path)
        written.write_bytes(written.read_bytes()[:-1] + b"!")
        assert listed_after(chosen.layers[0]).error == CHANGED


def test_versions_tell_apart_what_happens_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    spans = []
    for change in (b"first", b"first and more"):
        path.write_bytes(change)
        spans.append(FileSpan.of_file(str(path), path.stat()))
    path.rename(tmp_path / "renamed")
    path.write_bytes(b"first and more")
    spans.append(FileSpan.of_file(str(path), path.stat()))
    assert all(earlier.version != later.version for earlier, later in pairwise(spans))
    assert spans[0].part(2, 10).version == spans[0].version


def test_a_layer_that_its_engine_has_removed_is_said_to_be(tmp_path: Path) -> None:
    unpacked = UnpackedLayer(str(tmp_path / "tar-split.json.gz"), str(tmp_path))
    entries = read_whole(Layer(1, None, Compression.NONE, unpacked=unpacked))
    assert entries.error == "the engine has removed it from its store"
