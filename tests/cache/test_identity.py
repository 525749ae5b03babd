import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from layerscope.cache.identity import chain_identity, layer_identity
from layerscope.model.documents import Digest
from layerscope.model.image import Compression, FileSpan, Layer, UnpackedLayer

DIFF_ID = Digest("sha256", "a" * 64)


@pytest.fixture
def blob(tmp_path: Path) -> Path:
    path = tmp_path / "blob"
    path.write_bytes(b"x" * 100)
    return path


def layer_in(path: Path, offset: int = 0, size: int = 50) -> Layer:
    span = FileSpan.of_file(str(path), path.stat()).part(offset, size)
    return Layer(1, span, Compression.NONE, diff_id=DIFF_ID)


@pytest.mark.usefixtures("settled")
def test_the_diff_id_that_an_image_states_names_nothing(blob: Path) -> None:
    identity = layer_identity(layer_in(blob))
    assert identity is not None
    assert DIFF_ID.encoded not in identity
    assert layer_identity(replace(layer_in(blob), diff_id=None)) == identity


def test_a_verified_diff_id_names_the_layer_wherever_it_is(blob: Path) -> None:
    unpacked = Layer(3, None, Compression.NONE, diff_id=DIFF_ID, unpacked=UnpackedLayer("h", "f"), verified=True)
    assert layer_identity(unpacked) == layer_identity(replace(layer_in(blob), verified=True)) == str(DIFF_ID)


@pytest.mark.usefixtures("settled")
def test_each_range_of_a_file_has_a_name_of_its_own(blob: Path) -> None:
    names = {layer_identity(layer_in(blob, offset, size)) for offset in (0, 10) for size in (50, 60)}
    assert len(names) == 4


@pytest.mark.usefixtures("settled")
def test_a_file_that_was_written_to_has_another_name_though_its_time_was_set_back(blob: Path) -> None:
    before, status = layer_identity(layer_in(blob)), blob.stat()
    with blob.open("r+b") as file:
        file.write(b"y")
    os.utime(blob, ns=(status.st_atime_ns, status.st_mtime_ns))
    while blob.stat().st_ctime_ns == status.st_ctime_ns:
        # the clock of the file system may not have ticked yet
        os.utime(blob, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert blob.stat().st_mtime_ns == status.st_mtime_ns
    after = layer_identity(layer_in(blob))
    assert after is not None
    assert after != before


@pytest.mark.usefixtures("settled")
def test_a_file_that_has_changed_since_the_image_was_opened_has_no_name(blob: Path) -> None:
    layer = layer_in(blob)
    blob.write_bytes(b"x" * 99)
    assert layer_identity(layer) is None
    blob.unlink()
    assert layer_identity(layer) is None


def test_a_file_that_has_just_been_changed_has_no_name_yet(blob: Path) -> None:
    assert layer_identity(layer_in(blob)) is None


@pytest.mark.usefixtures("settled")
def test_temporary_files_cut_layers_and_missing_ones_have_no_name(blob: Path) -> None:
    whole = layer_in(blob).blob
    assert whole is not None
    temporary, cut = replace(whole, version=None), replace(whole, stated_size=200)
    assert [layer_identity(Layer(1, span, Compression.NONE)) for span in (temporary, cut, None)] == [None] * 3


def test_a_chain_has_a_name_only_if_each_layer_has() -> None:
    assert chain_identity(["a", "b"]) != chain_identity(["b", "a"])
    assert chain_identity(["a", None]) is None
