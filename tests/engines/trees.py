"""File trees of an image: as layerscope shows it, as an engine exports it, as it was extracted."""

import os
import stat
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from layerscope.analysis.tree.change import ChangeKind
from layerscope.model.entries import FileEntry, Kind
from layerscope.session.image_session import ImageSession
from layerscope.session.open import open_image
from layerscope.sources.tar.file_hash import digest_of

Marks = dict[bytes, tuple[str, FileEntry]]
"""The tree of a layer: for each path, the change that the layer made and the entry."""

MADE_BY_ENGINES = (
    b".dockerenv",
    b"dev",
    b"etc/hostname",
    b"etc/hosts",
    b"etc/mtab",
    b"etc/resolv.conf",
    b"proc",
    b"run",
    b"sys",
)
"""Paths that engines add to a container: mount points and mounted files."""


class Shown(NamedTuple):
    """A path in a file system; a hard link has the attributes of its file."""

    kind: str
    size: int
    mode: int
    uid: int
    gid: int
    link: bytes | None
    device: tuple[int, int] | None
    digest: bytes | None


def is_made_by_engines(path: bytes) -> bool:
    """Return whether an engine adds the path or one of its parents."""
    return any(path == made or path.startswith(made + b"/") for made in MADE_BY_ENGINES)


def marks(reference: str, image: str | None = None) -> list[Marks]:
    """Return the tree of each layer, base first."""
    with open_image(reference, image) as session:
        assert session.image.warnings == ()
        assert [tally.error for tally in session.tallies.layers.values()] == [None] * len(session.image.layers)
        return [
            {row.entry.path: (row.change.word, row.entry) for row in session.load().tree.rows(layer.number)}
            for layer in session.image.layers
        ]


def final_tree(reference: str) -> dict[bytes, Shown]:
    """Return the merged tree of all layers, without the paths that engines add."""
    with open_image(reference) as session:
        top = len(session.image.layers)
        nodes = {row.entry.path: row for row in session.load().tree.rows(top) if row.change is not ChangeKind.REMOVED}
        return {
            path: _shown(session, session.load().tree.index.occurrence(row.node, top), row.entry)
            for path, row in nodes.items()
            if not is_made_by_engines(path)
        }


def _shown(session: ImageSession, occurrence: int, entry: FileEntry) -> Shown:
    is_file = entry.kind in (Kind.FILE, Kind.HARDLINK)
    size = entry.size
    if entry.kind is Kind.HARDLINK:
        file, index = session.load().tree.file_behind(occurrence), session.load().tree.index
        size = session.load().tree.tables[index.layers[file]].sizes[index.rows[file]]
    return Shown(
        "file" if is_file else entry.kind.word,
        size,
        entry.mode,
        entry.uid,
        entry.gid,
        None if is_file else entry.link,
        entry.device,
        session.load().contents.digests([occurrence])[occurrence] if is_file else None,
    )


def exported_tree(path: Path) -> dict[bytes, Shown]:
    """Return the tree that an engine exported, without the paths that it added."""
    with tarfile.open(path, encoding="utf-8", errors="surrogateescape") as tar:
        found = {_path(member): _exported(tar, member) for member in tar}
    return {name: shown for name, shown in found.items() if name and not is_made_by_engines(name)}


def link_groups(path: Path) -> set[frozenset[bytes]]:
    """Return the groups of paths that are hard links to one file in an export."""
    groups: dict[str, set[bytes]] = {}
    with tarfile.open(path, encoding="utf-8", errors="surrogateescape") as tar:
        for member in tar:
            if member.isfile() or member.islnk():
                groups.setdefault(member.linkname if member.islnk() else member.name, set()).add(_path(member))
    return _several(groups.values())


def written_tree(folder: Path) -> dict[bytes, Shown]:
    """Return the tree in a folder, without the paths that engines add."""
    found = {os.fsencode(path.relative_to(folder)): _written(path) for path in folder.rglob("*")}
    return {name: shown for name, shown in found.items() if not is_made_by_engines(name)}


def written_link_groups(folder: Path) -> set[frozenset[bytes]]:
    """Return the groups of paths that are hard links to one file in a folder."""
    groups: dict[int, set[bytes]] = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            groups.setdefault(path.stat().st_ino, set()).add(os.fsencode(path.relative_to(folder)))
    return _several(groups.values())


def _several(groups: Iterable[set[bytes]]) -> set[frozenset[bytes]]:
    own = (frozenset(path for path in group if not is_made_by_engines(path)) for group in groups)
    return {group for group in own if len(group) > 1}


def _written(path: Path) -> Shown:
    found = path.lstat()
    kind = _FILE_TYPES[stat.S_IFMT(found.st_mode)]
    return Shown(
        kind,
        found.st_size if kind == "file" else 0,
        0o777 if kind == "symlink" else stat.S_IMODE(found.st_mode),
        found.st_uid,
        found.st_gid,
        os.fsencode(path.readlink()) if kind == "symlink" else None,
        (os.major(found.st_rdev), os.minor(found.st_rdev)) if kind in ("char", "block") else None,
        digest_of(path.read_bytes()) if kind == "file" else None,
    )


_FILE_TYPES = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "dir",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFCHR: "char",
    stat.S_IFBLK: "block",
}


def _path(member: tarfile.TarInfo) -> bytes:
    return member.name.removeprefix("./").strip("/").encode("utf-8", "surrogateescape")


def _exported(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Shown:
    file = tar.getmember(member.linkname) if member.islnk() else member
    content = tar.extractfile(file) if file.isreg() else None
    return Shown(
        _KINDS[file.type],
        file.size,
        member.mode & 0o7777,
        member.uid,
        member.gid,
        member.linkname.encode("utf-8", "surrogateescape") if member.issym() else None,
        (member.devmajor, member.devminor) if member.isdev() and not member.isfifo() else None,
        digest_of(content.read()) if content else None,
    )


_KINDS = {
    tarfile.REGTYPE: "file",
    tarfile.AREGTYPE: "file",
    tarfile.DIRTYPE: "dir",
    tarfile.SYMTYPE: "symlink",
    tarfile.FIFOTYPE: "fifo",
    tarfile.CHRTYPE: "char",
    tarfile.BLKTYPE: "block",
}
