"""Random layers of valid images: every kind of entry in every dialect, on few names, so that layers meet."""

import random
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tests.tars import (
    BLOCK_DEVICE,
    CHAR,
    DIRECTORY,
    END,
    FIFO,
    FILE,
    HARD_LINK,
    SYMLINK,
    Dialect,
    Sparse,
    SparseStyle,
    TarEntry,
    encode,
    pax,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_PLAIN_NAMES = (b"a", b"b", b"c", b"bin", b"etc", b"lib", b"usr", b"x.py", b"y.txt")
_ODD_NAMES = (
    b"two words",
    b"new\nline",
    b"\x1b[31mred\x1b[0m",
    b"not utf-8 \xff\xfe",
    "\u957f \u202egpj.exe".encode(),
    "e\u0301 \u00e9".encode(),
    b"[bold]markup[/]",
    b"<script>",
    b"-rf",
    b"*",
    b"back\\slash",
    b"...",
    b"..two",
    b"wh.file",
    b".whfile",
    b"=1+1",
    b"a|b`c",
    b"long-" + b"n" * 90,
    b"longer-" + b"n" * 200,
)
_XATTRS = (b"user.note", b"security.capability", b"trusted.overlay.opaque", b"user.\xc3\xa4")

_SPECIAL_FILES = {
    b"var/lib/dpkg/status": b"Package: a\nStatus: install ok installed\nVersion: 1-1\nArchitecture: all\n\n",
    b"var/lib/dpkg/info/a.list": b"/.\n/usr\n/usr/a\n",
    b"var/lib/apt/extended_states": b"Package: a\nArchitecture: amd64\nAuto-Installed: 1\n\n",
    b"lib/apk/db/installed": b"P:musl\nV:1.2-r0\nI:100\nF:lib\nR:ld-musl.so\n\n",
    b"usr/lib/python3/site-packages/a-1.0.dist-info/METADATA": b"Name: a\nVersion: 1.0\n\nA text.\n",
    b"usr/lib/python3/site-packages/a-1.0.dist-info/RECORD": b"a/__init__.py,,\n../../bin/a,,\n",
    b"app/node_modules/a/package.json": b'{"name": "a", "version": "1.0.0"}',
    b"var/lib/rpm/rpmdb.sqlite": b"SQLite format 3\0" + bytes(84),
    b"root/.ssh/id_rsa": b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
    b"app/.env": b"PASSWORD=hunter2\nAWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n",
    b"var/cache/apt/pkgcache.bin": b"\0\1" * 3000,
    b"usr/lib/python3/__pycache__/a.cpython-311.pyc": b"\xa7\r\r\n" + bytes(200),
    b"etc/passwd": b"root:x:0:0:root:/root:/bin/sh\n",
    b"etc/os-release": b'ID=debian\nPRETTY_NAME="Debian"\n',
    b"usr/bin/tool": b"\x7fELF\2\1\1" + bytes(300),
    b"srv/page.html": b"<!doctype html><title>page</title>\n" * 20,
    b"srv/data.json": b'{"a": [1, 2, 3]}\n',
    b"srv/archive.tar.gz": b"\x1f\x8b\x08\0" + bytes(60),
}


@dataclass
class Known:
    """The paths of earlier layers, from which later ones choose."""

    files: list[bytes] = field(default_factory=list)
    directories: list[bytes] = field(default_factory=lambda: [b""])
    names: list[bytes] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)


class LayerMaker:
    """A maker of the layers of one image."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._known = Known()
        self._odd = dice.random() < 0.3
        self._makers: dict[Callable[[list[TarEntry]], TarEntry], int] = {
            self._new_file: 33,
            self._rewritten_file: 10,
            self._some_directory: 12,
            self._some_link: 10,
            self._some_whiteout: 12,
            self._opaque_whiteout: 6,
            self._bookkeeping: 3,
            self._pipe_or_device: 5,
            self._repeated: 3,
            self._special_file: 6,
        }

    def entries(self) -> list[TarEntry]:
        """Return the entries of the next layer."""
        dice = self._dice
        dialect = dice.choice(list(Dialect))
        count = dice.choice((0, 1, 2, 3, 5, 8, 13, 21))
        made: list[TarEntry] = []
        for _ in range(count):
            if dice.random() < 0.15:
                dialect = dice.choice(list(Dialect))
            entry = replace(self._entry(made), dialect=dialect, mtime=self._mtime())
            if dialect is not Dialect.PAX:
                entry = replace(entry, records={})
            made.append(replace(entry, name=self._spelled(entry)))
        return made

    def tar(self, entries: list[TarEntry]) -> bytes:
        """Return the tar of the entries, here and there with a global header."""
        dice = self._dice
        parts = []
        # tarfile cannot read a global header that nothing follows
        if entries and dice.random() < 0.1:
            parts.append(pax((b"comment", b"made by a fuzzer"), flag=b"g"))
        if entries and dice.random() < 0.05:
            parts.append(pax((b"SCHILY.xattr.user.everywhere", b"1"), flag=b"g"))
        parts += [encode(entry) for entry in entries]
        ending = dice.choice((END, END, END, END + bytes(512 * 16)))
        # engines read a tar without its end, but an empty file is not a tar
        return b"".join([*parts, ending])

    def _mtime(self) -> int:
        return self._dice.choice((0, 1, 1_700_000_000, 1_750_000_000, 2**33, 2**34, -1))

    def _entry(self, made: list[TarEntry]) -> TarEntry:
        if not self._known.names:
            return self._file(self._new_path())
        (make,) = self._dice.choices(list(self._makers), list(self._makers.values()))
        return make(made)

    def _new_file(self, _made: list[TarEntry]) -> TarEntry:
        return self._file(self._new_path())

    def _rewritten_file(self, _made: list[TarEntry]) -> TarEntry:
        return self._file(self._dice.choice(self._known.names))

    def _some_directory(self, _made: list[TarEntry]) -> TarEntry:
        return self._directory(self._dice.choice((self._new_path(), self._dice.choice(self._known.directories), b"")))

    def _some_link(self, _made: list[TarEntry]) -> TarEntry:
        return self._link(self._dice.choice((self._new_path(), self._dice.choice(self._known.names))))

    def _some_whiteout(self, _made: list[TarEntry]) -> TarEntry:
        return self._whiteout(self._new_path() if self._dice.random() < 0.3 else self._dice.choice(self._known.names))

    def _opaque_whiteout(self, _made: list[TarEntry]) -> TarEntry:
        folder = self._dice.choice(self._known.directories)
        return TarEntry((folder + b"/" if folder else b"") + b".wh..wh..opq")

    def _bookkeeping(self, _made: list[TarEntry]) -> TarEntry:
        return TarEntry(self._dice.choice((b".wh..wh.plnk/1.2", b".wh..wh.aufs", b"etc/.wh..wh.orph")))

    def _repeated(self, made: list[TarEntry]) -> TarEntry:
        if not made:
            return self._new_file(made)
        return replace(self._dice.choice(made), mode=self._dice.choice((0o600, 0o644, 0o755)))

    def _note(self, path: bytes, *, directory: bool = False) -> None:
        known = self._known
        if directory:
            known.directories.append(path)
        known.names.append(path)
        parent = path.rpartition(b"/")[0]
        if parent:
            known.directories.append(parent)
            known.names.append(parent)

    def _new_path(self) -> bytes:
        dice = self._dice
        folder = dice.choice(self._known.directories)
        names = _ODD_NAMES if self._odd and dice.random() < 0.4 else _PLAIN_NAMES
        depth = dice.choice((1, 1, 1, 2, 3, 12 if dice.random() < 0.1 else 2))
        tail = b"/".join(dice.choice(names) for _ in range(depth))
        path = folder + b"/" + tail if folder else tail
        return path if len(path) < 1500 else tail

    def _file(self, path: bytes) -> TarEntry:
        dice, known = self._dice, self._known
        if known.contents and dice.random() < 0.4:
            content = dice.choice(known.contents)
        else:
            content = dice.choice((b"", b"x", b"text\n" * 40, dice.randbytes(dice.randrange(600)), b"\0" * 700))
            known.contents.append(content)
        self._note(path)
        known.files.append(path)
        if dice.random() < 0.08:
            return self._sparse(path)
        flag = b"\0" if dice.random() < 0.05 else b"7" if dice.random() < 0.02 else FILE
        return self._with_attributes(TarEntry(path, flag, content))

    def _sparse(self, path: bytes) -> TarEntry:
        dice = self._dice
        at, pieces = 0, []
        for _ in range(dice.choice((0, 1, 2, 4, 5, 30))):
            at += dice.choice((0, 1, 512, 4096, 10_000))
            length = dice.choice((1, 100, 512, 1000))
            pieces.append((at, length))
            at += length
        size = at + dice.choice((0, 1, 5000))
        # GNU tar ends a map with a piece of no length if the file ends with a hole
        pieces += [(size, 0)] if size > at or not pieces else []
        content = dice.randbytes(sum(length for _, length in pieces))
        style = dice.choice(list(SparseStyle))
        return self._with_attributes(TarEntry(path, FILE, content, sparse=Sparse(style, size, tuple(pieces))))

    def _special_file(self, _made: list[TarEntry]) -> TarEntry:
        path, content = self._dice.choice(list(_SPECIAL_FILES.items()))
        self._note(path)
        self._known.files.append(path)
        return self._with_attributes(TarEntry(path, FILE, content * self._dice.choice((1, 1, 3))))

    def _directory(self, path: bytes) -> TarEntry:
        if path:
            self._note(path, directory=True)
        entry = TarEntry(path or b"./", DIRECTORY, mode=0o755)
        return self._with_attributes(entry) if self._dice.random() < 0.5 else entry

    def _link(self, path: bytes) -> TarEntry:
        dice, known = self._dice, self._known
        self._note(path)
        if dice.random() < 0.5 and known.files:
            target = dice.choice((dice.choice(known.files), dice.choice(known.names), b"not/there"))
            return TarEntry(path, HARD_LINK, link=dice.choice((b"", b"./", b"/")) + target)
        target = dice.choice(
            (b"a", b"../b", b"/etc", b".", b"..", b"/", b"../../../../out", b"loop", dice.choice(known.names))
        )
        return TarEntry(path, SYMLINK, link=target, mode=0o777, uid=dice.choice((0, 5)))

    def _whiteout(self, path: bytes) -> TarEntry:
        parent, slash, name = path.rpartition(b"/")
        return TarEntry(parent + slash + b".wh." + name)

    def _pipe_or_device(self, _made: list[TarEntry]) -> TarEntry:
        path = self._new_path()
        self._note(path)
        flag = self._dice.choice((FIFO, CHAR, BLOCK_DEVICE))
        device = (0, 0) if flag == FIFO else self._dice.choice(((1, 3), (7, 200), (0, 0)))
        return self._with_attributes(TarEntry(path, flag, device=device))

    def _with_attributes(self, entry: TarEntry) -> TarEntry:
        dice = self._dice
        records = {}
        if dice.random() < 0.1:
            records = {b"SCHILY.xattr." + dice.choice(_XATTRS): dice.choice((b"", b"1", b"a=b\nc", b"\xc3\xa4"))}
        return replace(
            entry,
            mode=dice.choice((0o644, 0o644, 0o600, 0o755, 0o4755, 0o2775, 0o1777, 0)),
            uid=dice.choice((0, 0, 0, 33, 65534, 4_000_000, 2**32 - 2)),
            gid=dice.choice((0, 0, 0, 33, 3_000_000)),
            records=records,
        )

    def _spelled(self, entry: TarEntry) -> bytes:
        """Return the name of an entry in one of the spellings that name the same path."""
        dice, name = self._dice, entry.name
        if entry.flag == DIRECTORY and dice.random() < 0.6:
            name += b"/"
        roll = dice.random()
        if roll < 0.1:
            return b"./" + name
        if roll < 0.15:
            return b"/" + name
        if roll < 0.18:
            return name.replace(b"/", b"//", 1)
        if roll < 0.2:
            return name.replace(b"/", b"/./", 1)
        return name
