"""The store of Docker's graph drivers.

Below the data root, ``image/DRIVER/imagedb/content/sha256/ID`` is an image's config, and ``image/DRIVER/layerdb/sha256/
CHAIN_ID`` describes a layer: ``diff`` (its diff_id), ``cache-id`` (its folder in the driver) and ``tar-split.json.gz``;
``layerdb/mounts/ID/mount-id`` names the folder of a container.
https://github.com/moby/moby/blob/master/layer/filestore.go
"""

from collections.abc import Iterable
from hashlib import sha256
from itertools import accumulate
from pathlib import Path

from layerscope.errors import FormatError
from layerscope.model.documents import Digest, ImageConfig, decode
from layerscope.model.image import UnpackedLayer

_FOLDERS = {
    "overlay2": "overlay2/{}/diff",
    "fuse-overlayfs": "fuse-overlayfs/{}/diff",
    "vfs": "vfs/dir/{}",
    "btrfs": "btrfs/subvolumes/{}",
}
"""The folder of a layer by driver; vfs and btrfs keep the files of the layers below in the same folder."""


def stored_image(
    root: Path, driver: str, image_id: Digest
) -> tuple[Path, ImageConfig, tuple[UnpackedLayer, ...]] | None:
    """Return the config of an image, its file and itself, checked against its digest, and its layers, base first.

    None if this user may not read the store, or if it does not look as described above.
    Everything is named by digest, so it does not matter which engine the store belongs to.
    """
    if driver not in _FOLDERS:
        return None
    store = root / "image" / driver
    try:
        file = store / "imagedb" / "content" / "sha256" / image_id.encoded
        document = file.read_bytes()
        if sha256(document).hexdigest() != image_id.encoded:
            return None
        config = decode(document, ImageConfig, str(image_id))
        diff_ids = list(map(str, config.diff_ids))
        layers = [_layer(root, driver, store, *ids) for ids in zip(diff_ids, chain_ids(diff_ids), strict=True)]
    except (OSError, UnicodeDecodeError, FormatError):
        return None
    found = tuple(layer for layer in layers if layer is not None)
    return (file, config, found) if len(found) == len(layers) else None


def container_folder(root: Path, driver: str, container_id: str) -> Path | None:
    """Return the folder that a container writes to; None where it is not known, or this user may not read it."""
    if driver not in _FOLDERS or not container_id.isalnum():
        return None
    try:
        described = root / "image" / driver / "layerdb" / "mounts" / container_id
        mount_id = (described / "mount-id").read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return root / _FOLDERS[driver].format(mount_id) if mount_id.isalnum() else None


def chain_ids(diff_ids: Iterable[str]) -> list[str]:
    """Return what an engine stores each layer under: one that lies on other layers is another one.

    https://github.com/opencontainers/image-spec/blob/main/config.md#layer-chainid
    """
    return list(accumulate(diff_ids, lambda chain, own: f"sha256:{sha256(f'{chain} {own}'.encode()).hexdigest()}"))


def _layer(root: Path, driver: str, store: Path, diff_id: str, chain_id: str) -> UnpackedLayer | None:
    described = store / "layerdb" / "sha256" / chain_id.partition(":")[2]
    cache_id = (described / "cache-id").read_text("ascii").strip()
    folder, headers = root / _FOLDERS[driver].format(cache_id), described / "tar-split.json.gz"
    is_known = cache_id.isalnum() and folder.is_dir() and headers.is_file()
    if not is_known or (described / "diff").read_text("ascii").strip() != diff_id:
        return None
    return UnpackedLayer(str(headers), str(folder))
