"""The writable layer of a container, as a tar of the form that layers have.

The engine lists the changed paths and gives a tar of any path. The result equals the layer that ``docker commit`` would
make. What it costs is the content that the container wrote: a copied-up file counts whole.
"""

import os
import tarfile
from collections import deque
from collections.abc import Iterator, Sequence
from functools import cached_property
from http.client import HTTPException, HTTPResponse
from pathlib import PurePosixPath
from typing import IO, cast

from msgspec.structs import replace

from layerscope.errors import ImageNotFound, SourceError, os_reason
from layerscope.model.candidate import Candidate
from layerscope.model.container import Container
from layerscope.model.documents import ImageConfig
from layerscope.model.entries import LayerEntries
from layerscope.model.image import Compression, Image, Layer, Step
from layerscope.model.whiteout import PREFIX
from layerscope.sources.engine.client import EngineClient
from layerscope.sources.engine.containers import EngineContainer
from layerscope.sources.engine.replies import PathChange
from layerscope.sources.image.choice import choose
from layerscope.sources.image.origin import Origin
from layerscope.sources.layer.reader import read_layer
from layerscope.sources.stream.spool import Spool
from layerscope.text import plural, printable_name, short_name

_REMOVED = 2
_ADDED = 1
_REPLACEMENT = "\ufffd"
_WHITEOUT = PREFIX.decode()
_PATH_RECORDS = ("path", "linkpath")
_MOST_NAMED = 5


def with_writable_layer(
    found: EngineContainer, candidates: Sequence[Candidate], origin: Origin, spool: Spool
) -> Candidate:
    """Return a container as an image: the layers of its image, and the writable layer on top.

    ``candidates`` are what the engine has of its image; none where that has been removed, and the writable layer is all
    that can be shown. Raises SourceError where the layer cannot be read or kept.
    """
    container, warnings = found.container, list[str]()
    if candidates:
        image = choose(candidates, name=short_name(origin.reference)).build()
    else:
        warnings.append("the image of the container has been removed: only the writable layer can be shown")
        image = Image(origin.reference, origin.docker, ImageConfig(), (), ())
    layer = WritableLayer(found.client, container, image.layers)
    span = spool.file(layer.write, f"the writable layer of container {short_name(container.name)}")
    number, title = len(image.layers) + 1, f"writable layer of {container.name} ({container.state})"
    image = replace(
        image,
        layers=(*image.layers, Layer(number, span, Compression.NONE, writable=True)),
        steps=(
            *image.steps,
            Step(None, comment=title, layer=number),
        ),
        warnings=(*image.warnings, *warnings, *layer.warnings, *found.notes),
        container=container,
        container_image=image,
    )
    return Candidate(lambda: image, image.tags, image.platform, image.digest, image.config_digest)


class WritableLayer:
    """Writes the tar; ``warnings`` says afterwards what had to be left out. ``lower`` are the layers of the image."""

    def __init__(self, client: EngineClient, container: Container, lower: Sequence[Layer]) -> None:
        self.warnings: list[str] = []
        self._client = client
        self._container = container
        self._lower = lower
        self._mounts = [PurePosixPath(mount.destination) for mount in container.mounts]
        self._left_out: list[str] = []

    def write(self, file: IO[bytes]) -> None:
        """Write the tar; raises SourceError where the engine stops answering, and OSError."""
        changes = self._client.changes(self._container.container_id)
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT, errors="surrogateescape") as tar:
            for change in _topmost(changes):
                self._write_change(tar, change)
        if self._left_out:
            names = ", ".join(map(printable_name, map(_encoded, self._left_out[:_MOST_NAMED])))
            self.warnings.append(f"{plural(len(self._left_out), 'path')} of the container cannot be shown: {names}")

    def _write_change(self, tar: tarfile.TarFile, change: PathChange) -> None:
        path = PurePosixPath(change.path)
        if path in self._mounts:
            tar.addfile(_folder(path))
        elif self._is_mounted(path):
            return
        elif change.kind == _REMOVED:
            self._write_whiteout(tar, path)
        elif _REPLACEMENT in change.path:
            self._copy(tar, path.parent, change)
        else:
            self._copy(tar, path, change)

    def _is_mounted(self, path: PurePosixPath) -> bool:
        return any(mount in path.parents for mount in self._mounts)

    def _write_whiteout(self, tar: tarfile.TarFile, path: PurePosixPath) -> None:
        if _REPLACEMENT in str(path):
            names = self._lower_names.get(str(path), set())
            if len(names) != 1:
                self._left_out.append(str(path))
                return
            path = PurePosixPath(os.fsdecode(*names))
        tar.addfile(tarfile.TarInfo(str(path.parent / f"{_WHITEOUT}{path.name}").lstrip("/")))

    @cached_property
    def _lower_names(self) -> dict[str, set[bytes]]:
        """The paths in the image that are not UTF-8, by the text that the engine makes of them."""
        names: dict[str, set[bytes]] = {}
        for layer in self._lower:
            entries = LayerEntries()
            deque(read_layer(layer, entries), maxlen=0)
            for path in entries.paths:
                listed = f"/{path.decode('utf-8', 'replace')}"
                if _REPLACEMENT in listed:
                    names.setdefault(listed, set()).add(b"/" + path)
        return names

    def _copy(self, tar: tarfile.TarFile, source: PurePosixPath, change: PathChange) -> None:
        """Copy the entries of a change: all below an added folder, the folder alone where it was changed."""
        try:
            with self._client.archive(self._container.container_id, str(source)) as answer:
                for member, content in _members(answer):
                    path = source.parent / member.name
                    if not self._is_part(path, change):
                        continue
                    if path.name.startswith(_WHITEOUT):
                        self._left_out.append(str(path))
                        continue
                    member.name = str(path).lstrip("/")
                    if member.islnk():
                        member.linkname = str(source.parent / member.linkname).lstrip("/")
                    # tarfile would write these records in place of the fields
                    kept = {key: value for key, value in member.pax_headers.items() if key not in _PATH_RECORDS}
                    member.pax_headers = kept
                    tar.addfile(_folder(path) if path in self._mounts else member, content)
                    if member.isdir() and change.kind != _ADDED:
                        return
        except ImageNotFound:
            # A running container may have removed it since. Podman also denies having a symlink that leads nowhere.
            if source != PurePosixPath(change.path).parent:
                self._copy(tar, PurePosixPath(change.path).parent, change)
        except (tarfile.TarError, HTTPException, OSError) as error:
            reason = os_reason(error) if isinstance(error, OSError) else "the engine's answer ended early"
            name = printable_name(_encoded(str(source)))
            raise SourceError(f"cannot read {name} of container {self._container.name}: {reason}") from error

    def _is_part(self, path: PurePosixPath, change: PathChange) -> bool:
        """Return whether an entry belongs to a change; a name that is not UTF-8 is compared as the engine lists it."""
        listed = _encoded(str(path)).decode("utf-8", "replace")
        return not self._is_mounted(path) and (listed == change.path or listed.startswith(f"{change.path}/"))


def _topmost(changes: Sequence[PathChange]) -> Iterator[PathChange]:
    """Yield the changes in order, without what is below an added folder: the folder's tar holds it."""
    added = ""
    for change in sorted(changes, key=lambda change: PurePosixPath(change.path).parts):
        if added and change.path.startswith(added):
            continue
        added = f"{change.path}/" if change.kind == _ADDED else ""
        yield change


def _members(answer: HTTPResponse) -> Iterator[tuple[tarfile.TarInfo, IO[bytes] | None]]:
    with tarfile.open(fileobj=cast("IO[bytes]", answer), mode="r|", errors="surrogateescape") as archive:
        for member in archive:
            yield member, archive.extractfile(member) if member.isreg() else None


def _folder(path: PurePosixPath) -> tarfile.TarInfo:
    """Return the folder on which something is mounted: its own owner and mode are hidden by the mount."""
    folder = tarfile.TarInfo(str(path).lstrip("/"))
    folder.type, folder.mode = tarfile.DIRTYPE, 0o755
    return folder


def _encoded(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")
