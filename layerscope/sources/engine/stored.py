"""An engine's image, read from the engine's own store where this user may read it."""

import os
from contextlib import suppress
from pathlib import Path

from layerscope.errors import FormatError, os_reason
from layerscope.model.candidate import Candidate
from layerscope.model.documents import Digest, ImageConfig
from layerscope.model.engine import Engine
from layerscope.model.image import Claim, Compression, FileSpan, Image, Layer, UnpackedLayer
from layerscope.model.local import Storage
from layerscope.sources.engine.endpoints import CONTAINERD_CONTENT
from layerscope.sources.engine.lookup import EngineImage
from layerscope.sources.engine.replies import EngineInfo
from layerscope.sources.image.builder import Origin, pair_history
from layerscope.sources.image.documents import Documents, FolderFiles
from layerscope.sources.image.oci_layout import oci_candidates
from layerscope.sources.store import containers_storage, docker_graph

_CONTAINERD_ROOT = Path("/var/lib/containerd")


def stored_candidates(found: EngineImage, info: EngineInfo, origin: Origin) -> tuple[Candidate, ...]:
    """Return what the store holds of an image; nothing where it cannot be read, and an export has to do.

    A store on another machine, in a virtual machine, of another user or of an unknown form is left alone.
    """
    if not found.client.endpoint.is_local or not info.root:
        return ()
    try:
        image_id = found.details.digest
    except ValueError:
        return ()
    root = Path(info.root)
    if info.uses_containerd:
        is_content = found.client.engine is Engine.CONTAINERD
        folders = (
            [root]
            if is_content
            else [root / "containerd" / "daemon" / CONTAINERD_CONTENT, _CONTAINERD_ROOT / CONTAINERD_CONTENT]
        )
        return _from_containerd(folders, image_id, origin)
    read = containers_storage.stored_image if found.client.engine == Engine.PODMAN else docker_graph.stored_image
    stored = read(root, info.driver, image_id)
    if stored is None:
        return ()
    image = _image(image_id, *stored, origin)
    return (Candidate(lambda: image, platform=image.platform, config_digest=image_id),)


def storage_of(found: EngineImage, info: EngineInfo, image: Image) -> Storage:
    """Return where and how the engine stores an image."""
    graph_store = "containers-storage" if found.client.engine == Engine.PODMAN else "graph driver"
    store = "containerd" if info.uses_containerd else graph_store
    spans = [(layer.unpacked, layer.blob) for layer in image.layers]
    read = [unpacked.folder if unpacked else blob.path if blob else "" for unpacked, blob in spans]
    is_read = bool(info.root) and all(path.startswith((info.root, str(_CONTAINERD_ROOT))) for path in read)
    folders = read if is_read else found.details.folders
    locations = tuple(folders) if len(folders) == len(image.layers) else ()
    driver, namespace = info.driver or None, found.details.namespace
    return Storage(found.client.engine, store, driver, info.backing_filesystem, locations, namespace)


def _image(
    image_id: Digest, file: Path, config: ImageConfig, stored: tuple[UnpackedLayer, ...], origin: Origin
) -> Image:
    layers = tuple(
        Layer(number, None, Compression.NONE, diff_id, diff_id, unpacked=unpacked, verified=_is_trusted(unpacked))
        for number, (diff_id, unpacked) in enumerate(zip(config.diff_ids, stored, strict=True), 1)
    )
    steps, warning = pair_history(config, len(layers))
    return Image(
        origin.reference,
        origin.docker,
        config,
        layers,
        steps,
        config_digest=image_id,
        warnings=(warning,) if warning else (),
        claims=lambda: [_config_claim(file, image_id)],
    )


def _config_claim(file: Path, image_id: Digest) -> Claim:
    try:
        return Claim("config", digest=image_id, span=FileSpan.of_file(str(file), file.stat()))
    except OSError as error:
        return Claim("config", digest=image_id, problem=f"cannot read the engine's store: {os_reason(error)}")


def _is_trusted(layer: UnpackedLayer) -> bool:
    """Return whether it was the engine that wrote a layer, which checks the diff_id: root, or this user's own engine.

    An engine that somebody else runs may call any folder its store.
    """
    try:
        return os.stat(layer.headers).st_uid in (0, os.geteuid())  # noqa: PTH116  # a path, and no Path is needed
    except OSError:
        return False


def _from_containerd(folders: list[Path], image_id: Digest, origin: Origin) -> tuple[Candidate, ...]:
    """Return the images below an index or manifest of containerd's content store, a layout without ``index.json``."""
    for folder in folders:
        with suppress(FormatError, OSError):
            candidates = oci_candidates(Documents(FolderFiles(folder)), origin, image_id)
            if any(candidate.complete for candidate in candidates):
                return candidates
    return ()
