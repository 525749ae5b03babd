"""A container as an image: the layers of its image, and its writable layer on top, which is read when it is needed.

It is read in the folder of the engine's store, where this user may read that, or else copied through the API.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from tarfile import TarInfo

from msgspec.structs import replace

from layerscope.errors import InvalidLayer
from layerscope.model.candidate import Candidate
from layerscope.model.documents import ImageConfig
from layerscope.model.engine import Engine
from layerscope.model.image import Compression, Image, Layer, Step, UnpackedLayer
from layerscope.model.local import Storage
from layerscope.sources.engine.client import EngineClient
from layerscope.sources.engine.container.copied_layer import (
    REPLACEMENT,
    UNLISTED_BY_PODMAN,
    CopiedLayer,
    LowerPaths,
    as_listed,
)
from layerscope.sources.engine.export import AwaitedImage
from layerscope.sources.engine.lookup import EngineContainer
from layerscope.sources.engine.replies import EngineInfo
from layerscope.sources.image.builder import Origin
from layerscope.sources.image.choice import choose
from layerscope.sources.store import containers_storage, docker_graph
from layerscope.sources.store.written_files import WrittenFiles, whiteout, write_tar_split
from layerscope.sources.stream.spool import Spool
from layerscope.text import human_size, plural, printable_name, short_name

_MOST_NAMED = 5

OVERLAYS = ("overlay2", "overlay")
"""Drivers whose folder holds only what a container has written; that of others is a copy of the whole file system."""

_COMMITTED_XATTRS = {Engine.DOCKER: ("security.capability",), Engine.PODMAN: ("security.capability", "user.")}


class AwaitedContainer:
    """A container, and what is known of it until its writable layer is read.

    ``image`` is its image where that has to be exported, and else what the engine has of it; an empty sequence if it
    has been removed.
    """

    def __init__(
        self,
        found: EngineContainer,
        info: EngineInfo,
        image: AwaitedImage | Sequence[Candidate],
        origin: Origin,
        spool: Spool,
    ) -> None:
        self.endpoint = found.client.endpoint
        self.to_export = image if isinstance(image, AwaitedImage) else None
        """The image that has to be exported before the writable layer is read."""
        self._candidates = image.candidates if isinstance(image, AwaitedImage) else image
        self._client = EngineClient(self.endpoint)
        self._found = found._replace(client=self._client)
        self._info = info
        self._origin = origin
        self._spool = spool

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The container as an image, with what is known of its layers."""
        image = choose(self._candidates, name=self._origin.reference).build() if self._candidates else None
        container = _container_image(self._found, image, self._origin)
        return (
            Candidate(lambda: container, container.tags, container.platform, container.digest, container.config_digest),
        )

    def completed(self, image: Image) -> Image:
        """Return the container on top of its image; raises SourceError where the writable layer cannot be read."""
        with self._client:
            container = _container_image(self._found, image if self._candidates else None, self._origin)
            return _with_writable_layer(container, self._found, self._info, self._spool)

    def cancel(self) -> None:
        """End `completed` in another thread: it raises SourceError there."""
        self._client.cancel()


def _container_image(found: EngineContainer, image: Image | None, origin: Origin) -> Image:
    """Return a container as an image: the layers of its image, and a writable layer that has still to be read.

    Without an image, which may have been removed, the writable layer is all that can be shown.
    """
    container, warnings = found.container, found.notes
    if image is None:
        image = Image(origin.reference, origin.docker, ImageConfig(), (), ())
        warnings = ("the image of the container has been removed: only the writable layer can be shown", *warnings)
    layer = Layer(len(image.layers) + 1, None, Compression.NONE, writable=True)
    title = f"writable layer of {container.name} ({container.state})"
    return replace(
        image,
        layers=(*image.layers, layer),
        steps=(*image.steps, Step(None, comment=title, layer=layer.number)),
        warnings=(*image.warnings, *warnings),
        container=container,
        container_image=image,
    )


def _with_writable_layer(image: Image, found: EngineContainer, info: EngineInfo, spool: Spool) -> Image:
    """Return the image of a container with its writable layer, from the store or else through the API.

    What differs from the container becomes a warning. Raises SourceError where the layer cannot be read or kept.
    """
    *lower, layer = image.layers
    name = f"the writable layer of container {short_name(found.container.name)}"
    folder = written_folder(found, info)
    unpacked = folder.layer(lower, spool, name) if folder else None
    if folder and unpacked:
        layer, remarks = replace(layer, unpacked=unpacked), _remarks(folder.named_as_whiteouts, [])
    else:
        copied = CopiedLayer(found, lower)
        layer = replace(layer, blob=spool.file(copied.write, name))
        remarks = [*_remarks(copied.named_as_whiteouts, copied.left_out), *_unlisted(found, info, copied.size)]
    return replace(
        image,
        layers=(*lower, layer),
        warnings=(*image.warnings, *remarks),
        storage=_with_location(image.storage, layer),
    )


def _with_location(storage: Storage | None, layer: Layer) -> Storage | None:
    """Return the storage with the folder of a container's own layer, if those of all other layers are known."""
    if storage is None or layer.unpacked is None or len(storage.locations) != layer.number - 1:
        return storage
    return replace(storage, locations=(*storage.locations, layer.unpacked.folder))


def _remarks(named_as_whiteouts: Sequence[bytes], left_out: Sequence[bytes]) -> list[str]:
    remarks = []
    if left_out:
        remarks.append(f"{plural(len(left_out), 'path')} of the container cannot be shown: {_names(left_out)}")
    if named_as_whiteouts:
        names = _names(named_as_whiteouts)
        remarks.append(f"files named like whiteouts count as whiteouts, as in a commit of the container: {names}")
    return remarks


def _unlisted(found: EngineContainer, info: EngineInfo, size: int) -> list[str]:
    """Return a sentence about files that Docker keeps in an overlay and does not list, where ``size`` was listed.

    A file that was copied up and not changed is one of them: opened for writing, say, or linked to.
    """
    if found.client.engine != Engine.DOCKER or info.driver not in OVERLAYS:
        return []
    whole = found.client.container(found.container.container_id, with_size=True).writable_size
    if whole is None or whole <= size:
        return []
    left_out = human_size(whole - size)
    return [
        f"{left_out} of the writable layer are files that were copied up without a change, which Docker does not list"
    ]


def _names(paths: Sequence[bytes]) -> str:
    return ", ".join(f"/{printable_name(path)}" for path in paths[:_MOST_NAMED])


class WrittenFolder:
    """The folder that a container writes to; ``named_as_whiteouts`` are files that a commit takes for whiteouts."""

    def __init__(self, found: EngineContainer, info: EngineInfo, folder: Path) -> None:
        self.named_as_whiteouts: list[bytes] = []
        self._found = found
        self._info = info
        self._folder = folder

    def layer(self, lower: Sequence[Layer], spool: Spool, name: str) -> UnpackedLayer | None:
        """Return the layer, or None where the folder has not all of it; raises SourceError, which names ``name``."""
        engine = self._found.client.engine
        try:
            with WrittenFiles(str(self._folder), _COMMITTED_XATTRS[engine]) as files:
                headers = spool.file(lambda file: write_tar_split(file, self._entries(files, lower)), name)
                self.named_as_whiteouts = files.named_as_whiteouts
        except (InvalidLayer, OSError):
            return None
        return UnpackedLayer(headers.path, str(self._folder))

    def _entries(self, files: WrittenFiles, lower: Sequence[Layer]) -> Iterator[TarInfo]:
        if self._info.driver in OVERLAYS:
            yield from files.upper_entries()
            return
        lower_paths = LowerPaths(lower)
        changes = self._found.client.changes(self._found.container.container_id)
        for change in sorted(changes, key=lambda change: change.path):
            if change.is_removal:
                yield from (whiteout(path) for path in lower_paths.listed_as(change.path) if files.facts(path) is None)
            else:
                yield from files.entries_of(_listed_as(files, change.path))
        if self._found.client.engine == Engine.PODMAN and lower and lower[-1].unpacked:
            with WrittenFiles(lower[-1].unpacked.folder) as below:
                yield from files.entries_of(
                    path for path in UNLISTED_BY_PODMAN if files.facts(path) != below.facts(path)
                )


def written_folder(found: EngineContainer, info: EngineInfo) -> WrittenFolder | None:
    """Return the folder that a container writes to, None where this user cannot read it as it is.

    Only root can read the attributes of an overlay, and owners are those in the container if its root is this one.
    """
    if not found.client.endpoint.is_local or os.geteuid() != 0:
        return None
    store = containers_storage if found.client.engine == Engine.PODMAN else docker_graph
    folder = store.container_folder(Path(info.root), info.driver, found.container.container_id)
    try:
        return WrittenFolder(found, info, folder) if folder and folder.stat().st_uid == 0 else None
    except OSError:
        return None


def _listed_as(files: WrittenFiles, listed: str) -> list[bytes]:
    """Return the paths in a folder that the engine lists like that."""
    paths = [b""]
    for part in PurePosixPath(listed).parts[1:]:
        if REPLACEMENT in part:
            found = [(path, name) for path in paths for name in files.names(path) if as_listed(name) == f"/{part}"]
        else:
            found = [(path, part.encode()) for path in paths]
        paths = [path + b"/" + name if path else name for path, name in found]
    return paths
