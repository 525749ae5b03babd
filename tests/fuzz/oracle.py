"""A second opinion on valid images: tarfile reads the layers, dictionaries stack them.

It knows the rules for whiteouts and marks, but nothing about columns, indexes or speed, and shares no code with
layerscope.
"""

import io
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

_KINDS = {
    tarfile.DIRTYPE: "dir",
    tarfile.SYMTYPE: "symlink",
    tarfile.LNKTYPE: "hardlink",
    tarfile.FIFOTYPE: "fifo",
    tarfile.CHRTYPE: "char",
    tarfile.BLKTYPE: "block",
}


_LAST_OF_NAME = slice(99, 100)
_FLAG = slice(156, 157)
"""Bytes of a header: the last one of its name, and its type flag."""


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


@dataclass(frozen=True)
class Node:
    """A path of the merged tree; an implied directory, which has no entry, has no mtime."""

    kind: str
    layer: int
    size: int = 0
    mode: int = 0o755
    uid: int = 0
    gid: int = 0
    mtime: int | None = None
    link: bytes | None = None
    xattrs: frozenset[tuple[str, str]] = frozenset()
    content: bytes | None = None
    """The bytes of a regular file, or of the file that a hard link leads to; None for a link to nothing."""
    file: tuple[bytes, int] | None = None
    """The path and layer of the file that a hard link leads to."""

    def same_directory(self, before: "Node") -> bool:
        """Return whether a directory is the same as before, apart from its mtime."""
        return (self.kind, self.mode, self.uid, self.gid, self.xattrs) == (
            *("dir", before.mode, before.uid, before.gid, before.xattrs),
        ) and before.kind == "dir"


Tree = dict[bytes, Node]
"""Nodes by path, relative and without a trailing slash."""


@dataclass(frozen=True)
class Row:
    """A row that the tree of a layer must show."""

    node: Node
    change: str


def expected_trees(layers: Sequence[bytes]) -> Iterator[dict[bytes, Row]]:
    """Yield the rows of each layer's tree, base first; the layers are plain tars."""
    tree: Tree = {}
    shown: Tree = {}
    for number, layer in enumerate(layers, 1):
        before = dict(tree)
        _apply(tree, layer, number)
        _resolve_hard_links(tree, before, number)
        gone = {path: Row(node, "removed") for path, node in shown.items() if path not in tree}
        shown = _shown(tree)
        yield gone | {path: Row(shown[path], _change(node, before.get(path), number)) for path, node in tree.items()}


def _shown(tree: Tree) -> Tree:
    """Return the tree with the hard links whose file is gone from its path: the first is a file, others name it."""
    shown, carriers = dict(tree), dict[tuple[bytes, int], bytes]()
    for path in sorted(tree, key=lambda path: path.replace(b"/", b"\0")):
        node, file = tree[path], tree[path].file
        at_path = tree.get(file[0]) if file else None
        if file is None or (at_path is not None and at_path.kind == "file" and at_path.layer == file[1]):
            continue
        if file in carriers:
            shown[path] = replace(node, link=b"/" + carriers[file])
        else:
            carriers[file] = path
            shown[path] = replace(node, kind="file", size=len(node.content or b""), link=None)
    return shown


def _change(node: Node, before: Node | None, layer: int) -> str:
    if before is None:
        return "added"
    if node.layer != layer or node.same_directory(before):
        return "unchanged"
    return "modified"


def _apply(tree: Tree, layer: bytes, number: int) -> None:
    """Apply a layer: whiteouts hide earlier layers only, so they come first, wherever the tar has them."""
    whiteouts, opaque, entries = [], [], []
    with tarfile.open(
        fileobj=io.BytesIO(layer), mode="r:", tarinfo=_Member, encoding="utf-8", errors="surrogateescape"
    ) as tar:
        for member in tar:
            path = _normal(_bytes(member.name))
            parent, slash, name = path.rpartition(b"/")
            if name == b".wh..wh..opq":
                opaque.append(parent)
            elif b"/.wh..wh." in b"/" + path:
                continue
            elif name.startswith(b".wh."):
                whiteouts.append(parent + slash + name.removeprefix(b".wh."))
            elif path:
                entries.append((path, _node(tar, member, number)))
    for path in whiteouts:
        tree.pop(path, None)
        _remove_below(tree, path)
    for path in opaque:
        _remove_below(tree, path)
    for path, node in entries:
        _make_parents(tree, path, number)
        if node.kind != "dir":
            _remove_below(tree, path)
        tree[path] = node


def _resolve_hard_links(tree: Tree, before: Tree, number: int) -> None:
    """Give each hard link of a layer the bytes of its file, which is in the layer or was there before it."""
    for path, node in list(tree.items()):
        seen, target, name = {path}, node, path
        while target.kind == "hardlink" and target.layer == number and target.link is not None:
            name = target.link[1:]
            found = tree.get(name) or before.get(name)
            if found is None or name in seen:
                break
            seen.add(name)
            target = found
        if node.kind == "hardlink" and node.layer == number and target.content is not None:
            tree[path] = replace(node, content=target.content, file=target.file or (name, target.layer))


def _remove_below(tree: Tree, folder: bytes) -> None:
    start = folder + b"/" if folder else b""
    for path in [path for path in tree if path.startswith(start)]:
        del tree[path]


def _make_parents(tree: Tree, path: bytes, number: int) -> None:
    parts = path.split(b"/")[:-1]
    for count in range(1, len(parts) + 1):
        parent = b"/".join(parts[:count])
        if parent not in tree or tree[parent].kind != "dir":
            tree[parent] = Node("dir", number)


def _node(tar: tarfile.TarFile, member: tarfile.TarInfo, number: int) -> Node:
    kind = _KINDS.get(member.type, "file")
    # tarfile applies global headers; engines ignore them
    records = ((key, value) for key, value in member.pax_headers.items() if key not in tar.pax_headers)
    xattrs = {key.removeprefix("SCHILY.xattr."): value for key, value in records if "xattr" in key}
    node = Node(
        kind,
        number,
        mode=member.mode & 0o7777,
        uid=member.uid,
        gid=member.gid,
        mtime=int(member.mtime),
        xattrs=frozenset(xattrs.items()),
    )
    if kind == "file":
        reader = tar.extractfile(member)
        return replace(node, size=member.size, content=reader.read() if reader else b"")
    if kind == "symlink":
        return replace(node, link=_bytes(member.linkname))
    if kind == "hardlink":
        return replace(node, link=b"/" + _normal(_bytes(member.linkname)))
    return node


def _normal(name: bytes) -> bytes:
    """Return a name as a relative path; valid images have no ``..`` in names."""
    return b"/".join(part for part in name.split(b"/") if part not in (b"", b"."))


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
