"""The writable layer of a container, copied through the API of its engine into a tar of the form that layers have.

The engine lists the changed paths and gives a tar of any path. The cost is the content that the container wrote: a
copied-up file counts whole.
"""

import hashlib
import os
import re
import tarfile
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from http.client import HTTPException, HTTPResponse
from pathlib import PurePosixPath
from typing import IO, NamedTuple, cast

from layerscope.errors import ImageNotFound, SourceError, os_reason
from layerscope.model.engine import Engine
from layerscope.model.entries import WHITEOUT_PREFIX, LayerEntries
from layerscope.model.image import Layer
from layerscope.sources.engine.lookup import EngineContainer
from layerscope.sources.engine.replies import PathChange
from layerscope.sources.layer.reader import read_layer
from layerscope.sources.store.written_files import whiteout
from layerscope.text import printable_name

_WHITEOUT = WHITEOUT_PREFIX.decode()
_PATH_RECORDS = ("path", "linkpath")
"""PAX records that tarfile would write in place of the fields."""

_ROOT = PurePosixPath("/")


REPLACEMENT = "\ufffd"
"""Stands for each byte that is not UTF-8 where an engine lists the changes of a container."""

UNLISTED_BY_PODMAN = tuple(
    b"dev etc/hostname etc/hosts etc/mtab etc/resolv.conf proc run run/.containerenv run/notify run/secrets sys".split()
)
"""Paths that podman never lists as changes, though a commit keeps them.

https://github.com/containers/podman/blob/main/libpod/diff.go
"""

_SURROGATES = re.compile("[\udc80-\udcff]")


def as_listed(path: bytes) -> str:
    """Return a path of the image as an engine lists it."""
    return "/" + _SURROGATES.sub(REPLACEMENT, path.decode("utf-8", "surrogateescape"))


class LowerPaths:
    """The paths that the layers below a container's own hold; the layers are read on first use."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = layers

    def __contains__(self, path: bytes) -> bool:
        return path in self._all

    def listed_as(self, listed: str) -> list[bytes]:
        """Return the paths that an engine lists like that; a name without U+FFFD is that of one path."""
        if REPLACEMENT not in listed:
            return [listed.removeprefix("/").encode()]
        return self._odd.get(listed, [])

    @cached_property
    def _all(self) -> set[bytes]:
        paths = set[bytes]()
        for layer in self._layers:
            entries = LayerEntries()
            deque(read_layer(layer, entries), maxlen=0)
            paths.update(entries.paths)
        return paths

    @cached_property
    def _odd(self) -> dict[str, list[bytes]]:
        odd = dict[str, list[bytes]]()
        for path in self._all:
            listed = as_listed(path)
            if REPLACEMENT in listed:
                odd.setdefault(listed, []).append(path)
        return odd


class _Facts(NamedTuple):
    """The facts that hard links to one file share; ``digest`` is that of the content."""

    kind: bytes
    size: int
    mode: int
    uid: int
    gid: int
    mtime: float
    target: str
    digest: bytes


class CopiedLayer:
    """Writes the tar; afterwards ``left_out`` are paths whose bytes the engine does not say.

    ``named_as_whiteouts`` are files that a commit takes for whiteouts; ``size`` is that of all files and symlinks, of
    hard links once. ``lower`` are the layers of the image.
    """

    def __init__(self, found: EngineContainer, lower: Sequence[Layer]) -> None:
        self.left_out: list[bytes] = []
        self.named_as_whiteouts: list[bytes] = []
        self.size = 0
        self._client = found.client
        self._container = found.container
        self._lower = LowerPaths(lower)
        self._mounts = [PurePosixPath(mount.destination) for mount in found.container.mounts]
        self._alike: dict[_Facts, list[str]] = {}

    def write(self, file: IO[bytes]) -> None:
        """Write the tar; raises SourceError where the engine stops answering, and OSError."""
        listed = self._client.changes(self._container.container_id)
        changes = [change for change in listed if not self._is_mounted(PurePosixPath(change.path))]
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT, errors="surrogateescape") as tar:
            for change in changes:
                if change.is_removal:
                    self._write_whiteout(tar, change.path)
            written = [change for change in changes if not change.is_removal]
            if self._client.engine == Engine.PODMAN:
                self._copy_from_export(tar, {change.path for change in written})
            else:
                for change in _topmost(written):
                    self._copy_change(tar, change)
                self._write_links(tar)

    def _is_mounted(self, path: PurePosixPath) -> bool:
        return any(mount in path.parents for mount in self._mounts)

    def _write_whiteout(self, tar: tarfile.TarFile, listed: str) -> None:
        paths = self._lower.listed_as(listed)
        if len(paths) == 1:
            tar.addfile(whiteout(*paths))
        else:
            self.left_out.append(listed.removeprefix("/").encode())

    def _copy_change(self, tar: tarfile.TarFile, change: PathChange) -> None:
        """Copy the entries of a change: all below an added folder, the folder alone where it was changed."""
        path = PurePosixPath(change.path)
        if path in self._mounts:
            tar.addfile(_folder(path))
            return
        source = path.parent if REPLACEMENT in change.path else path
        for member, content in self._archive(source):
            found = source.parent / member.name
            listed = as_listed(os.fsencode(_relative(found)))
            is_part = listed == change.path or listed.startswith(f"{change.path}/")
            if not is_part or self._is_mounted(found):
                continue
            member.name = _relative(found)
            if member.islnk():
                member.linkname = _relative(source.parent / member.linkname)
            self._add(tar, _folder(found) if found in self._mounts else member, content)
            if member.isdir() and not change.is_addition:
                return

    def _copy_from_export(self, tar: tarfile.TarFile, wanted: set[str]) -> None:
        """Copy the wanted paths from a tar of the whole file system.

        Podman's tar of a path follows symlinks, and makes root the owner of a file.
        """
        written, linked = set[str](), list[tarfile.TarInfo]()
        for member, content in self._export():
            member.name = _relative(PurePosixPath("/", member.name))
            path = os.fsencode(member.name)
            if as_listed(path) not in wanted and (path not in UNLISTED_BY_PODMAN or path in self._lower):
                continue
            if member.islnk() and member.linkname not in written:
                linked.append(member)
            else:
                self._add(tar, member, content)
                written.add(member.name)
        for member in linked:
            self._copy_link(tar, member)

    def _copy_link(self, tar: tarfile.TarFile, link: tarfile.TarInfo) -> None:
        """Copy a link whose file belongs to a lower layer, with the content of the file."""
        for member, content in self._archive(PurePosixPath("/", link.name)):
            if member.isreg():
                link.type, link.linkname, link.size = tarfile.REGTYPE, "", member.size
                self._add(tar, link, content)
                return

    def _add(self, tar: tarfile.TarFile, member: tarfile.TarInfo, content: "_Content | None") -> None:
        if PurePosixPath(member.name).name.startswith(_WHITEOUT):
            self.named_as_whiteouts.append(os.fsencode(member.name))
        member.pax_headers = {key: value for key, value in member.pax_headers.items() if key not in _PATH_RECORDS}
        tar.addfile(member, cast("IO[bytes] | None", content))
        self.size += len(os.fsencode(member.linkname)) if member.issym() else member.size
        if member.issym() or (content and member.size):
            owner, digest = (member.uid, member.gid), content.hash.digest() if content else b""
            facts = _Facts(member.type, member.size, member.mode, *owner, member.mtime, member.linkname, digest)
            self._alike.setdefault(facts, []).append(member.name)

    def _write_links(self, tar: tarfile.TarFile) -> None:
        """Write those entries again that turn out to be links to one file: of two with one name, the last counts.

        Only a tar of a folder that holds all of them shows that. For the root, it is one without what is mounted.
        """
        groups = {facts: names for facts, names in self._alike.items() if len(names) > 1}
        folders = {PurePosixPath("/", os.path.commonpath(names)) for names in groups.values()}
        alike, files = {name for names in groups.values() for name in names}, dict[str, str]()
        for folder in (folder for folder in folders if folders.isdisjoint(folder.parents)):
            for member, _ in self._archive(folder) if folder != _ROOT else self._export():
                name = _relative(folder.parent / member.name)
                if name in alike:
                    files[name] = _relative(folder.parent / member.linkname) if member.islnk() else name
        for facts, names in groups.items():
            firsts = dict[str, str]()
            for name in names:
                first = firsts.setdefault(files.get(name, name), name)
                if first != name:
                    tar.addfile(_link(name, first, facts))
                    self.size -= facts.size or len(os.fsencode(facts.target))

    def _archive(self, path: PurePosixPath) -> "Iterator[tuple[tarfile.TarInfo, _Content | None]]":
        return self._members(self._client.archive(self._container.container_id, str(path)), path)

    def _export(self) -> "Iterator[tuple[tarfile.TarInfo, _Content | None]]":
        return self._members(self._client.exported_container(self._container.container_id), _ROOT)

    def _members(
        self, opened: AbstractContextManager[HTTPResponse], path: PurePosixPath
    ) -> "Iterator[tuple[tarfile.TarInfo, _Content | None]]":
        """Yield the members of a tar from the engine, none where a running container has removed the path since.

        Raises SourceError, as reading the content does.
        """
        name = f"{printable_name(os.fsencode(path))} of container {self._container.name}"
        try:
            with (
                opened as answer,
                tarfile.open(fileobj=cast("IO[bytes]", answer), mode="r|", errors="surrogateescape") as archive,
            ):
                for member in archive:
                    content = archive.extractfile(member) if member.isreg() else None
                    yield member, None if content is None else _Content(content, name)
        except ImageNotFound:
            return
        except _BROKEN as error:
            raise _broken(name, error) from error


_BROKEN = (tarfile.TarError, HTTPException, OSError)


def _broken(name: str, error: Exception) -> SourceError:
    reason = os_reason(error) if isinstance(error, OSError) else "the engine's answer ended early"
    return SourceError(f"cannot read {name}: {reason}")


class _Content:
    """The content of a file in a tar from the engine, with a hash of what has been read of it."""

    def __init__(self, content: IO[bytes], name: str) -> None:
        self.hash = hashlib.sha256()
        self._content = content
        self._name = name

    def read(self, size: int) -> bytes:
        """Return the next bytes; raises SourceError where the answer ends or breaks off."""
        try:
            data = self._content.read(size)
        except _BROKEN as error:
            raise _broken(self._name, error) from error
        self.hash.update(data)
        return data


def _topmost(changes: Iterable[PathChange]) -> Iterator[PathChange]:
    """Yield the changes in order, without what is below an added folder: the folder's tar holds it."""
    added = ""
    for change in sorted(changes, key=lambda change: PurePosixPath(change.path).parts):
        if added and change.path.startswith(added):
            continue
        added = f"{change.path}/" if change.is_addition else ""
        yield change


def _relative(path: PurePosixPath) -> str:
    return str(path).lstrip("/")


def _folder(path: PurePosixPath) -> tarfile.TarInfo:
    """Return the folder on which something is mounted: its own owner and mode are hidden by the mount."""
    folder = tarfile.TarInfo(_relative(path))
    folder.type, folder.mode = tarfile.DIRTYPE, 0o755
    return folder


def _link(name: str, target: str, facts: _Facts) -> tarfile.TarInfo:
    link = tarfile.TarInfo(name)
    link.type, link.linkname, link.mode, link.mtime = tarfile.LNKTYPE, target, facts.mode, int(facts.mtime)
    link.uid, link.gid = facts.uid, facts.gid
    return link
