"""A second opinion on layers: tarfile reads them, and a dict of all paths is copied and rewritten for each.

It knows the rules for whiteouts and hard links, but nothing about columns, indexes or speed. All that it shares with
layerscope are the records of an entry, a whiteout and a change.
"""

import io
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from msgspec.structs import replace

from layerscope.analysis.tree.change import ChangeKind
from layerscope.model.entries import FileEntry, Kind, OpaqueWhiteout, Whiteout
from tests.analysis.entries import Item

Tree = dict[bytes, FileEntry]
"""Every path that is there, without the root; the ``layer`` of an entry is the one that last wrote it."""


@dataclass(frozen=True)
class State:
    """The merged tree after one layer, what that layer did to each path, and the file behind each hard link."""

    tree: Tree
    changes: dict[bytes, ChangeKind]
    files: dict[bytes, FileEntry]
    root: FileEntry

    def change(self, path: bytes) -> ChangeKind:
        """Return what the layer did to the path."""
        return self.changes.get(path, ChangeKind.UNCHANGED)

    def size_below(self, folder: bytes) -> int:
        """Return the bytes of all regular files that are shown below the folder."""
        return sum(size for path, size in self.sizes().items() if is_below(path, folder))

    def sizes(self) -> dict[bytes, int]:
        """Return the bytes that count at each path: those of a file that is gone count at the first hard link to it."""
        sizes = {path: entry.size for path, entry in self.tree.items()}
        counted = {(entry.path, entry.layer) for entry in self.tree.values() if entry.kind is Kind.FILE}
        for path in sorted(self.files, key=lambda path: path.split(b"/")):
            file = self.files[path]
            if (file.path, file.layer) not in counted:
                counted.add((file.path, file.layer))
                sizes[path] = file.size
        return sizes

    @cached_property
    def shown(self) -> Tree:
        """The tree with the hard links whose file is gone: the first of them is a file, others are links to it."""
        shown, carriers = dict(self.tree), dict[tuple[bytes, int], bytes]()
        for path in sorted(self.files, key=lambda path: path.split(b"/")):
            entry, file = self.tree[path], self.files[path]
            at_path = self.tree.get(file.path)
            if at_path is not None and at_path.kind is Kind.FILE and at_path.layer == file.layer:
                continue
            carrier = carriers.setdefault((file.path, file.layer), path)
            as_file = replace(entry, kind=Kind.FILE, size=file.size, link=None, xattrs=file.xattrs)
            shown[path] = as_file if carrier == path else replace(entry, link=carrier)
        return shown

    def touches_below(self, folder: bytes) -> bool:
        """Tell whether the layer changed anything below the folder."""
        return any(change and is_below(path, folder) for path, change in self.changes.items())


def is_below(path: bytes, folder: bytes) -> bool:
    """Tell whether the path lies somewhere below the folder; all but the root lie below the root."""
    return path.startswith(folder + b"/") if folder else path != b""


def folders_of(path: bytes) -> list[bytes]:
    """Return the folders that the path lies in, the outermost first, without the root."""
    parts = path.split(b"/")
    return [b"/".join(parts[:count]) for count in range(1, len(parts))]


def restacked(layers: Sequence[Iterable[Item]]) -> list[State]:
    """Return the state after each layer, before which stands that of an empty image."""
    states = [State({}, {}, {}, FileEntry(b"", Kind.DIR))]
    for number, entries in enumerate(layers, start=1):
        states.append(_next(states[-1], number, entries))
    return states


def _next(below: State, number: int, layer: Iterable[Item]) -> State:
    entries: list[FileEntry] = []
    tree, root = dict(below.tree), below.root
    # whiteouts hide entries of earlier layers only, so they come first, wherever the layer has them
    for item in layer:
        if isinstance(item, Whiteout):
            _drop_below(tree, item.path)
            tree.pop(item.path, None)
        elif isinstance(item, OpaqueWhiteout):
            _drop_below(tree, item.directory)
        else:
            entries.append(replace(item, layer=number, row=len(entries)))
    for entry in entries:
        if entry.path == b"":
            root = entry if entry.kind is Kind.DIR else root
            continue
        for folder in folders_of(entry.path):
            if folder not in tree or tree[folder].kind is not Kind.DIR:
                tree[folder] = FileEntry(folder, Kind.DIR, layer=number)
        if entry.kind is not Kind.DIR:
            _drop_below(tree, entry.path)
        tree[entry.path] = entry
    changes = {path: _change(below.tree, tree, path, number) for path in below.tree.keys() | tree.keys()}
    return State(tree, changes, _files_behind(below, tree, number), root)


def _drop_below(tree: Tree, folder: bytes) -> None:
    for path in [path for path in tree if is_below(path, folder)]:
        del tree[path]


def _change(below: Tree, tree: Tree, path: bytes, number: int) -> ChangeKind:
    if path not in below:
        return ChangeKind.ADDED
    if path not in tree:
        return ChangeKind.REMOVED
    old, new = below[path], tree[path]
    if new.layer != number:
        return ChangeKind.UNCHANGED
    repeated = old.kind is new.kind is Kind.DIR and _metadata(old) == _metadata(new)
    return ChangeKind.UNCHANGED if repeated else ChangeKind.MODIFIED


def _metadata(entry: FileEntry) -> object:
    return entry.mode, entry.uid, entry.gid, entry.xattrs


def _files_behind(below: State, tree: Tree, number: int) -> dict[bytes, FileEntry]:
    """Return the file behind each hard link that is there: found when the link is written, and kept from then on."""
    files = {}
    for path, entry in tree.items():
        if entry.kind is not Kind.HARDLINK:
            continue
        file = below.files.get(path) if entry.layer != number else _follow(below, tree, path, number)
        if file is not None:
            files[path] = file
    return files


def _follow(below: State, tree: Tree, path: bytes, number: int) -> FileEntry | None:
    for _ in range(len(tree) + 1):
        entry = tree.get(path) or below.tree.get(path)
        if entry is None or entry.kind is Kind.FILE:
            return entry
        if entry.kind is not Kind.HARDLINK or entry.link is None:
            return None
        if entry.layer != number:
            return below.files.get(path)
        path = entry.link
    return None


@dataclass(frozen=True)
class TarItems:
    """The members that tarfile reads of a plain layer, in order, and the bytes of its regular files by path."""

    items: list[Item]
    contents: dict[bytes, bytes]


def items_of_tar(layer: bytes) -> TarItems:
    """Read a plain layer of a valid image, whose names have no ``..``; mtimes are whole seconds."""
    read = TarItems([], {})
    with tarfile.open(
        fileobj=io.BytesIO(layer), mode="r:", tarinfo=_Member, encoding="utf-8", errors="surrogateescape"
    ) as tar:
        for member in tar:
            path = _normal(_bytes(member.name))
            parent, slash, name = path.rpartition(b"/")
            if name == b".wh..wh..opq":
                read.items.append(OpaqueWhiteout(parent))
            elif b"/.wh..wh." in b"/" + path:
                continue
            elif name.startswith(b".wh."):
                read.items.append(Whiteout(parent + slash + name.removeprefix(b".wh.")))
            else:
                read.items.append(_entry(tar, path, member))
                if reader := tar.extractfile(member) if member.isreg() else None:
                    read.contents[path] = reader.read()
    return read


class _Member(tarfile.TarInfo):
    """A member whose header is read before the long name that precedes it is applied."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_Member":
        """Return the member; a long name that is cut after a slash does not make an old file a directory.

        tarfile takes it for one. GNU tar and Go's archive/tar decide by the whole name.
        """
        member = super().frombuf(buf, encoding, errors)
        if buf[_FLAG] == tarfile.AREGTYPE and buf[_LAST_OF_NAME] == b"/":
            member.type = tarfile.AREGTYPE
        return member


_LAST_OF_NAME = slice(99, 100)
_FLAG = slice(156, 157)
"""Bytes of a header: the last one of its name, and its type flag."""

_KINDS = {
    tarfile.DIRTYPE: Kind.DIR,
    tarfile.SYMTYPE: Kind.SYMLINK,
    tarfile.LNKTYPE: Kind.HARDLINK,
    tarfile.FIFOTYPE: Kind.FIFO,
    tarfile.CHRTYPE: Kind.CHAR,
    tarfile.BLKTYPE: Kind.BLOCK,
}


def _entry(tar: tarfile.TarFile, path: bytes, member: tarfile.TarInfo) -> FileEntry:
    kind, target = _KINDS.get(member.type, Kind.FILE), _bytes(member.linkname)
    # tarfile applies global headers; engines ignore them
    records = [(_bytes(key), _bytes(value)) for key, value in member.pax_headers.items() if key not in tar.pax_headers]
    return FileEntry(
        path,
        kind,
        size=member.size if kind is Kind.FILE else 0,
        mode=member.mode & 0o7777,
        uid=member.uid,
        gid=member.gid,
        mtime=int(member.mtime),
        link={Kind.SYMLINK: target, Kind.HARDLINK: _normal(target)}.get(kind),
        xattrs=tuple(sorted(record for record in records if b"xattr" in record[0])),
    )


def _normal(name: bytes) -> bytes:
    return b"/".join(part for part in name.split(b"/") if part not in (b"", b"."))


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
