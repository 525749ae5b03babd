"""The store of podman and buildah: https://github.com/containers/storage/blob/main/docs/containers-storage.md.

Below the graph root, ``DRIVER-images/images.json`` lists the images, with their configs in files beside it,
``DRIVER-layers/layers.json`` the layers, each with ``ID.tar-split.gz``, and ``DRIVER-containers/containers.json`` the
containers. Of each list, ``volatile-*.json`` has what need not outlive a crash.
"""

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct, field

from layerscope.errors import FormatError
from layerscope.model.documents import Digest, ImageConfig, decode
from layerscope.model.image import UnpackedLayer

T = TypeVar("T")

_FOLDERS = {"overlay": "overlay/{}/diff", "vfs": "vfs/dir/{}"}
"""The folder of a layer by driver; vfs keeps the files of the layers below in the same folder."""


class _Listed(Struct, frozen=True):
    """An image, or a container, with its topmost layer."""

    id: str
    layer: str = ""


class _Layer(Struct, frozen=True):
    id: str
    parent: str = ""
    diff_id: str = field(default="", name="diff-digest")


def stored_image(
    root: Path, driver: str, image_id: Digest
) -> tuple[Path, ImageConfig, tuple[UnpackedLayer, ...]] | None:
    """Return the config of an image, its file and itself, checked against its digest, and its layers, base first.

    None if this user may not read the store, or if it does not look as described above.
    """
    if driver not in _FOLDERS:
        return None
    try:
        images = msgspec.json.decode((root / f"{driver}-images" / "images.json").read_bytes(), type=list[_Listed])
        image = next((image for image in images if image.id == image_id.encoded), None)
        if image is None:
            return None
        # what is kept under a name with a colon has that name in base64
        file = root / f"{driver}-images" / image.id / f"={b64encode(str(image_id).encode()).decode()}"
        config = decode(_config(file, image_id), ImageConfig, str(image_id))
        layers = tuple(_layers(root, driver, image.layer, config))
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, FormatError):
        return None
    return (file, config, layers) if len(layers) == len(config.diff_ids) else None


def container_folder(root: Path, driver: str, container_id: str) -> Path | None:
    """Return the folder that a container writes to; None where it is not known, or this user may not read it."""
    if driver not in _FOLDERS:
        return None
    try:
        listed = _listed(root / f"{driver}-containers", "containers", list[_Listed])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    layer = next((container.layer for container in listed if container.id == container_id), "")
    return root / _FOLDERS[driver].format(layer) if layer.isalnum() else None


def _listed(folder: Path, name: str, kind: type[list[T]]) -> list[T]:
    """Return what the two lists of that name have; raises OSError, DecodeError and UnicodeDecodeError."""
    files = [folder / f"{name}.json", folder / f"volatile-{name}.json"]
    return [item for file in files if file.exists() for item in msgspec.json.decode(file.read_bytes(), type=kind)]


def _config(file: Path, digest: Digest) -> bytes:
    document = file.read_bytes()
    if sha256(document).hexdigest() != digest.encoded:
        raise FormatError("the config does not match its digest")
    return document


def _layers(root: Path, driver: str, top: str, config: ImageConfig) -> Iterator[UnpackedLayer]:
    """Yield the layers, base first, as long as each is the one that the config names."""
    folder = root / f"{driver}-layers"
    known = {layer.id: layer for layer in _listed(folder, "layers", list[_Layer])}
    chain: list[_Layer] = []
    while (layer := known.get(top)) is not None and len(chain) < len(config.diff_ids):
        chain.append(layer)
        top = layer.parent
    for layer, diff_id in zip(reversed(chain), config.diff_ids, strict=False):
        headers, files = folder / f"{layer.id}.tar-split.gz", root / _FOLDERS[driver].format(layer.id)
        if layer.diff_id != str(diff_id) or not layer.id.isalnum() or not headers.is_file() or not files.is_dir():
            return
        yield UnpackedLayer(str(headers), str(files))
