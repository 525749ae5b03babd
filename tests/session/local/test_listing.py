"""The images that a list of a folder shows, found by a cheap look at each file."""

import os
from pathlib import Path

import pytest

from layerscope.model.engine import Engine
from layerscope.model.image import Compression
from layerscope.model.local import ArchiveForm, LocalImage
from layerscope.session.local.listing import ImageOrder, local_archives, ordered_images
from tests.builders import (
    archive_bytes,
    docker_archive,
    docker_files,
    file,
    image,
    layer,
    oci_archive,
    oci_files,
    oci_layout,
    write_folder,
    write_tar,
)

APP = image(layer(file("etc/hosts", b"1")), tags=["app:1"])


def forms(folder: Path) -> dict[str, ArchiveForm]:
    return {Path(archive.reference).name: archive.form for archive in local_archives(folder)}


def test_archives_and_layouts_are_found_by_their_content(tmp_path: Path) -> None:
    docker_archive(tmp_path / "docker", APP)
    docker_archive(tmp_path / "old.bin", APP, legacy=True)
    oci_archive(tmp_path / "oci.tar", APP)
    oci_layout(tmp_path / "layout", APP)
    write_folder(tmp_path / "unpacked", docker_files(APP))
    expected = {"docker": "archive", "old.bin": "archive", "oci.tar": "archive", "layout": "folder"}
    assert forms(tmp_path) == expected | {"unpacked": "folder"}


@pytest.mark.parametrize("compression", [each for each in Compression if each is not Compression.NONE], ids=str)
def test_a_compressed_archive_is_found(tmp_path: Path, compression: Compression) -> None:
    write_tar(tmp_path / "docker", docker_files(APP), compression)
    write_tar(tmp_path / "oci", oci_files(APP), compression)
    assert forms(tmp_path) == {"docker": "compressed", "oci": "compressed"}


def test_an_image_is_found_whose_list_comes_after_a_thousand_layers(tmp_path: Path) -> None:
    docker_archive(tmp_path / "many.tar", image(*[layer(file("a"))] * 1_000))
    assert list(forms(tmp_path)) == ["many.tar"]


def test_what_is_no_image_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "sources.tar").write_bytes(layer(file("src/main.c", b"int main;"), file("x/manifest.json", b"[]")))
    (tmp_path / "extension.tar").write_bytes(layer(file("manifest.json", b'{"manifest_version": 3}')))
    (tmp_path / "text").write_text("[")
    (tmp_path / "empty").touch()
    (tmp_path / "cut.tar.gz").write_bytes(b"\x1f\x8b")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "manifest.json").write_text('{"name": "app"}')
    os.mkfifo(tmp_path / "pipe.tar")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / ".hidden.tar").write_bytes(archive_bytes(docker_files(APP)))
    assert forms(tmp_path) == {}


def test_the_folder_itself_may_be_a_layout(tmp_path: Path) -> None:
    oci_layout(tmp_path, APP)
    size = sum(blob.stat().st_size for blob in (tmp_path / "blobs/sha256").iterdir())
    (archive,) = local_archives(tmp_path)
    assert (archive.reference, archive.form, archive.size) == (str(tmp_path), ArchiveForm.LAYOUT, size)


def test_a_folder_that_is_not_there_holds_none(tmp_path: Path) -> None:
    assert list(local_archives(tmp_path / "gone")) == []


@pytest.mark.parametrize("order", ImageOrder)
def test_images_that_are_equal_in_an_order_have_the_same_order_each_time(order: ImageOrder) -> None:
    images = [LocalImage(Engine.DOCKER, (), f"sha256:{name}", 1, 1) for name in "cab"]
    assert ordered_images(images, order) == ordered_images(images[::-1], order)
