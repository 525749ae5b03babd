"""The writable layer of a container in the folder of its engine's store, where this user may read that."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from tarfile import TarInfo

from layerscope.errors import InvalidLayer
from layerscope.model.engine import Engine
from layerscope.model.image import Layer, UnpackedLayer
from layerscope.sources.engine.container.listed_paths import REPLACEMENT, UNLISTED_BY_PODMAN, LowerPaths, as_listed
from layerscope.sources.engine.lookup import EngineContainer
from layerscope.sources.engine.replies import EngineInfo
from layerscope.sources.store import containers_storage, docker_graph
from layerscope.sources.store.written_files import WrittenFiles, whiteout, write_tar_split
from layerscope.sources.stream.spool import Spool

OVERLAYS = ("overlay2", "overlay")
"""Drivers whose folder holds only what a container has written; that of others is a copy of the whole file system."""

_COMMITTED_XATTRS = {Engine.DOCKER: ("security.capability",), Engine.PODMAN: ("security.capability", "user.")}


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
