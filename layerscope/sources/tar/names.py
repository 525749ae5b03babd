"""Decisions on the names in a tar: a path, a whiteout, a builder's note, or left out; and limits on names and rows."""

from layerscope.errors import InvalidLayer
from layerscope.model.entries import Bookkeeping, LayerEntries, OpaqueWhiteout, whiteout_of
from layerscope.text import human_size, plural, printable_name

_HEADERS = 300_000
_RECORDS = 1_000_000
_MEMORY = 64 * 1024 * 1024
_STORED_PER_HEADER = 2
"""A million empty files with numbers as names take 2.1 MB of zstd, and 6 MB of gzip."""

_MEMORY_PER_STORED = 16

_ROW_MEMORY = 100
"""Bytes of a row in the columns, with a short path."""

_PERMISSIONS_MEMORY = 300


class Allowance:
    """The headers, PAX records and pieces of sparse maps, and memory that the listing of one tar may still use.

    A walk in several ``parts`` has an allowance for each, which together are that of the tar.
    """

    def __init__(self, stored: int, parts: int = 1) -> None:
        self._stored = stored
        self._most_headers = (_HEADERS + stored // _STORED_PER_HEADER) // parts
        self._most_memory = (_MEMORY + stored * _MEMORY_PER_STORED) // parts
        self._headers = 0
        self._memory = 0
        self.records = (_RECORDS + stored) // parts

    def add_header(self) -> None:
        """Count a header that adds no row; raises InvalidLayer where there are too many."""
        self._headers += 1
        if self._headers > self._most_headers:
            raise self._exceeded("more headers")

    def add_memory(self, size: int) -> None:
        """Count bytes that are kept in addition to a row; raises InvalidLayer where there are too many."""
        self._memory += size
        if self._memory > self._most_memory:
            raise self._exceeded("longer names and attributes")

    def use_records(self, count: int) -> None:
        """Count records or pieces before they are read; raises InvalidLayer where there are too many."""
        self.records -= count
        if self.records < 0:
            raise self._exceeded("more records")

    def keep_rows(self, rows: int, permission_sets: int) -> None:
        """Count the rows of columns that the caller has taken, and that `check_rows` does not get again."""
        self._headers += rows
        self._memory += rows * _ROW_MEMORY + permission_sets * _PERMISSIONS_MEMORY

    def check_rows(self, rows: int, permission_sets: int) -> None:
        """Raise InvalidLayer where the columns have become too long."""
        if self._headers + rows > self._most_headers:
            raise self._exceeded("more headers")
        if self._memory + rows * _ROW_MEMORY + permission_sets * _PERMISSIONS_MEMORY > self._most_memory:
            raise self._exceeded("longer names and attributes")

    def _exceeded(self, things: str) -> InvalidLayer:
        return InvalidLayer(f"it has {things} than {human_size(self._stored)} of stored bytes can have in a real layer")


LONGEST_PATH = 4096
"""An entry with a longer name or link target is left out: Linux opens none, and each folder in a name costs."""

_LONGEST_NAME = 2 * LONGEST_PATH
"""A name may be longer than its path, by slashes and dots."""

_LONGEST_SHOWN = 200
"""Bytes of a name that a warning repeats."""

_MOST_WARNINGS = 20

_WHITEOUT_MEMORY = 100
"""Bytes that a whiteout takes beside its path."""


def normalized(name: bytes) -> bytes | None:
    """Return a name as a relative path of the image (``./etc//passwd/`` is ``etc/passwd``); None if it has ``..``."""
    parts = [part for part in name.split(b"/") if part not in (b"", b".")]
    return None if b".." in parts else b"/".join(parts)


class Names:
    """The names of one layer's entries, with the whiteouts and the warnings that come of them."""

    def __init__(self, entries: LayerEntries, allowance: Allowance) -> None:
        self._entries = entries
        self._allowance = allowance
        self._left_out = 0

    def path_of(self, name: bytes) -> bytes | None:
        """Return the path of an entry, or None where the name is a whiteout, bookkeeping, or left out."""
        # checked before the name is taken apart, because 16 MB of slashes are 16 million parts
        path = normalized(name) if len(name) <= _LONGEST_NAME else name
        if path is None:
            self.leave_out(name, "its name has ..")
            return None
        if len(path) > LONGEST_PATH:
            self.leave_out(name, f"its name is longer than {LONGEST_PATH:,} bytes")
            return None
        return self.unless_whiteout(path)

    def unless_whiteout(self, path: bytes) -> bytes | None:
        """Return the path, or None where it is a whiteout, which is noted, or bookkeeping."""
        whiteout = whiteout_of(path)
        if whiteout is None:
            return path
        self._allowance.add_header()
        if isinstance(whiteout, OpaqueWhiteout):
            self._entries.opaque_whiteouts.append(whiteout)
            self._allowance.add_memory(len(path) + _WHITEOUT_MEMORY)
        elif not isinstance(whiteout, Bookkeeping):
            self._allowance.add_memory(len(path) + _WHITEOUT_MEMORY)
            self._entries.whiteouts.append(whiteout)
        return None

    def leave_out(self, name: bytes, reason: str) -> None:
        """Warn that an entry is left out; after the first 20, count only."""
        self._allowance.add_header()
        self._left_out += 1
        if self._left_out <= _MOST_WARNINGS:
            shown = printable_name(name[:_LONGEST_SHOWN]) + ("…" if len(name) > _LONGEST_SHOWN else "")
            self._entries.warnings.append(f"left out {shown}: {reason}")

    def finish(self) -> None:
        """Add the number of entries left out that have no warning of their own."""
        if self._left_out > _MOST_WARNINGS:
            more = plural(self._left_out - _MOST_WARNINGS, "more entry", "more entries")
            self._entries.warnings.append(f"left out {more}")
