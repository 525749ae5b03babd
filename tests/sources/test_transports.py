"""The names that skopeo gives to archives and folders."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.errors import ImageNotFound
from layerscope.sources.open import open_source
from tests.builders import (
    Members,
    docker_archive,
    file,
    image,
    layer,
    oci_archive,
    oci_layout,
    sha256,
    write_folder,
)

FIRST = image(layer(file("first")), tags=["my-app:v1"])
SECOND = image(layer(file("second")), tags=["my-app:v2"])


def config_of(reference: str) -> str:
    with open_source(reference) as source:
        return str(source.choose().config_digest)


@pytest.mark.parametrize(
    ("transport", "write"), [("docker-archive", docker_archive), ("oci-archive", oci_archive), ("oci", oci_layout)]
)
def test_a_path_may_name_one_of_its_images(tmp_path: Path, transport: str, write: Callable[..., Path]) -> None:
    path = write(tmp_path / "two:images", FIRST, SECOND)
    for suffix, found in (("my-app:v1", FIRST), ("my-app:v2", SECOND), ("@1", SECOND)):
        assert config_of(f"{transport}:{path}:{suffix}") == sha256(found.config_json)
    with pytest.raises(ImageNotFound, match=r"two:images holds no image my-app:v3$"):
        open_source(f"{transport}:{path}:my-app:v3")


def test_a_path_alone_is_opened(tmp_path: Path) -> None:
    assert config_of(f"docker-archive:{docker_archive(tmp_path / 'x.tar', FIRST)}") == sha256(FIRST.config_json)
    with pytest.raises(ImageNotFound, match=r"no file or folder is named absent$"):
        open_source("oci:absent:v1")


def test_a_file_of_such_a_name_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    docker_archive(tmp_path / "oci:x", FIRST)
    docker_archive(tmp_path / "x", SECOND)
    assert config_of("oci:x") == sha256(FIRST.config_json)


def skopeo_folder(path: Path) -> Path:
    """Write an image as skopeo's ``dir:`` does: blobs by the encoded part of their digests, beside the manifest."""
    layout = oci_layout(path.with_name("layout"), FIRST)
    (descriptor,) = json.loads((layout / "index.json").read_bytes())["manifests"]
    blobs: Members = {blob.name: blob.read_bytes() for blob in (layout / "blobs" / "sha256").iterdir()}
    manifest = blobs.pop(descriptor["digest"].removeprefix("sha256:"))
    version = b"Directory Transport Version: 1.1\n"
    return write_folder(path, {**blobs, "manifest.json": manifest, "version": version})


@pytest.mark.parametrize("has_version", [True, False])
@pytest.mark.parametrize("prefix", ["", "dir:"])
def test_a_folder_of_skopeo_is_opened_even_without_its_version(tmp_path: Path, prefix: str, has_version: bool) -> None:
    folder = skopeo_folder(tmp_path / "folder")
    if not has_version:
        (folder / "version").unlink()
    with open_source(f"{prefix}{folder}") as source:
        found = source.choose()
        assert str(found.config_digest) == sha256(FIRST.config_json)
        assert [layer.problem for layer in found.layers] == [None]
