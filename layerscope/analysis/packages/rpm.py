"""RPM packages, of databases in SQLite and in rpm's own format (ndb): https://rpm.org/docs/4.20.x/manual/format_header.html.

Both hold the header of each package: the numbers of index entries and of bytes of data, the entries, and the data.
"""

import struct
from collections.abc import Iterator
from contextlib import closing
from itertools import count

from layerscope.analysis.packages.final_files import LONGEST_PATH, ParseBudget
from layerscope.analysis.packages.package import BrokenDatabase, Package

_FOLDERS = ("var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm")
DATABASES = tuple(f"{folder}/{name}" for folder in _FOLDERS for name in ("rpmdb.sqlite", "Packages.db"))
UNREAD = tuple(f"{folder}/Packages".encode() for folder in _FOLDERS)
"""Databases in the format of Berkeley DB, which no rpm writes since version 4.16."""

_NAME, _VERSION, _RELEASE, _EPOCH = 1000, 1001, 1002, 1003
_FOLDER_NUMBERS, _BASE_NAMES, _FOLDER_NAMES = 1116, 1117, 1118
_MOST_ENTRIES = 4096
_SQLITE = b"SQLite format 3\0"
_MOST_STEPS, _STEPS_A_CALL = 1_000, 10_000
"""A database may define its tables as queries without an end: SQLite is stopped after that many steps."""

_SLOT, _BLOB = struct.Struct("<4sIII"), struct.Struct("<4sIII")
_PAGE, _BLOCK = 4096, 16


def read(_path: bytes, data: bytes, budget: ParseBudget) -> Iterator[Package]:
    """Yield the packages of a database."""
    left = len(data)
    for header in _in_sqlite(data) if data.startswith(_SQLITE) else _in_ndb(data):
        # what says that one header is that of many packages would fill the memory
        left -= len(header)
        if left < 0:
            raise BrokenDatabase
        package = parse_header(header, budget)
        if package is not None:
            yield package


def parse_header(header: bytes, budget: ParseBudget) -> Package | None:
    """Return the package of a header, or None if it is broken."""
    try:
        entry_count, size = struct.unpack_from(">II", header)
        start = 8 + 16 * entry_count
        if entry_count > _MOST_ENTRIES or start + size > len(header):
            return None
        entries = {tag: (at, number) for tag, _, at, number in struct.iter_unpack(">IIII", header[8:start])}
        data = header[start : start + size]

        def texts(tag: int) -> list[bytes]:
            at, number = entries.get(tag, (0, 0))
            return data[at:].split(b"\0", number)[:number]

        def numbers(tag: int) -> tuple[int, ...]:
            at, number = entries.get(tag, (0, 0))
            return struct.unpack_from(f">{number}I", data, at) if number <= size else ()

        stated = (b"".join(texts(tag)[:1]) for tag in (_NAME, _VERSION, _RELEASE))
        name, version, release = (text.decode("utf-8", "replace") for text in stated)
        epoch = "".join(f"{number}:" for number in numbers(_EPOCH)[:1] if number)
        folders = texts(_FOLDER_NAMES)
        files = budget.limited(zip(numbers(_FOLDER_NUMBERS), texts(_BASE_NAMES), strict=False))
        named = ((folders[at], base) for at, base in files if len(folders[at]) + len(base) < LONGEST_PATH)
        paths = budget.paths((folder + base).strip(b"/") for folder, base in named)
    except (struct.error, IndexError):
        return None
    return Package("rpm", name, f"{epoch}{version}-{release}", paths) if name else None


def _in_sqlite(data: bytes) -> Iterator[bytes]:
    import sqlite3  # noqa: PLC0415  # 10 ms, and few images have one

    with closing(sqlite3.connect(":memory:")) as database:
        calls = count()
        database.set_progress_handler(lambda: next(calls) > _MOST_STEPS, _STEPS_A_CALL)
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, len(data))
        try:
            # rpm leaves a write-ahead log, which bytes 18 and 19 say, and has emptied it
            database.deserialize(data[:18] + b"\1\1" + data[20:])
            for (header,) in database.execute("SELECT blob FROM Packages"):
                if isinstance(header, bytes):
                    yield header
        except sqlite3.Error:
            raise BrokenDatabase from None


def _in_ndb(data: bytes) -> Iterator[bytes]:
    """Yield the blobs of the slots: https://github.com/rpm-software-management/rpm/blob/master/lib/backend/ndb/rpmpkg.c."""
    if not data.startswith(b"RpmP") or len(data) < _PAGE:
        raise BrokenDatabase
    (pages,) = struct.unpack_from("<I", data, 12)
    # the first two slots are the header
    slots = data[2 * _SLOT.size : min(pages, len(data) // _PAGE) * _PAGE]
    for magic, number, block, _ in _SLOT.iter_unpack(slots):
        at = block * _BLOCK
        if magic != b"Slot" or not number or at + _BLOB.size > len(data):
            continue
        blob, owner, _, size = _BLOB.unpack_from(data, at)
        if blob == b"BlbS" and owner == number:
            yield data[at + _BLOB.size : at + _BLOB.size + size]
