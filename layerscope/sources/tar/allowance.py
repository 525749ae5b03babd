"""Limits on what the headers of a tar may cost, by the size of the file that they come from.

A few kilobytes of zstd hold millions of headers, so that neither time nor memory follows from the size of a file. Each
limit is a constant, which small files need, and a share of the stored bytes, which no real layer comes near: one that
reaches a limit was made to.
"""

from layerscope.errors import InvalidLayer
from layerscope.text import human_size

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
