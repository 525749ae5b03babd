"""A search for text in the files of all layers: each blob is read once, and several at a time."""

import marshal
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import NamedTuple

from layerscope.analysis.text.encoding import PREFIX_SIZE, detect_encoding
from layerscope.analysis.text.search import Search, find_in_bytes, find_lines, may_hold
from layerscope.model.entries import EntryTable
from layerscope.session.content.content_reader import FileBytes, FileRead
from layerscope.session.loaded_image import LoadedImage
from layerscope.sources.layer.content import LayerContent, stored_pieces

_MOST_MATCHES = 1_000
"""The matches in one file that are kept; a file may hold millions."""

_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")

FoundMatch = tuple[int | None, str | None, int | None]
"""A match: the number of a line and its text; or, in data that is not text, the offset."""


class FoundContent(NamedTuple):
    """The matches in files, by occurrence, and the layers of which not every file could be searched.

    The matches are packed, because there may be more of them than memory holds as objects.
    """

    packed: dict[int, bytes]
    unread: frozenset[int]

    def matches(self, file: int) -> tuple[list[FoundMatch], bool]:
        """Return the matches in a file, and whether there are more."""
        found: list[FoundMatch] = marshal.loads(self.packed[file])  # noqa: S302  # this process or a copy of it wrote it
        return found[:_MOST_MATCHES], len(found) > _MOST_MATCHES


def find_content(loaded: LoadedImage, search: Search, files: Iterable[int], *, binary: bool) -> FoundContent:
    """Search in files of text, and with ``binary`` by bytes in others.

    Holes of a sparse file, which is no text, are not searched. Raises UsageError if an expression takes too long.
    """
    layers, rows = loaded.tree.index.layers, loaded.tree.index.rows
    numbers = dict[object, int]()
    first = {
        layer.number: numbers.setdefault(layer.blob or layer.number, layer.number) for layer in loaded.image.layers
    }
    copies = dict[tuple[int, int], list[int]]()
    for file in files:
        copies.setdefault((first[layers[file]], rows[file]), []).append(file)
    read = {same[0]: same for same in copies.values()}
    packed, unsearched = dict[int, bytes](), set(read)
    for found, _ in loaded.contents.reader(read_file=_FileSearch(search, binary).read).pass_over(read):
        unsearched.difference_update(found)
        packed.update((file, matches) for searched, matches in found.items() if matches for file in read[searched])
    return FoundContent(packed, frozenset(layers[file] for searched in unsearched for file in read[searched]))


class _FileSearch(NamedTuple):
    """The search in one file while its layer is read."""

    search: Search
    binary: bool

    def read(self, read: FileRead, result: FileBytes, content: LayerContent, table: EntryTable) -> None:
        """Add the matches to the result; no bytes if there are none."""
        found = list(islice(self._matches(read, content, table), _MOST_MATCHES + 1))
        result[0][read[0]] = marshal.dumps(found) if found else b""

    def _matches(self, read: FileRead, content: LayerContent, table: EntryTable) -> Iterator[FoundMatch]:
        _, row, size, _ = read
        if row in table.sparse:
            for start, offset, length in stored_pieces(table, row):
                yield from self._in_bytes(content.chunks(offset, length), start)
            return
        chunks, head = content.chunks(table.data_offsets[row], size), b""
        if size <= PREFIX_SIZE:
            # nearly all files
            head = content.read_unchecked(table.data_offsets[row], size)
            if not may_hold(self.search, head) and not head.startswith(_UTF_16_MARKS):
                return
            chunks = iter(())
        while len(head) < min(size, PREFIX_SIZE):
            head += next(chunks)
        encoding = detect_encoding(head[:PREFIX_SIZE], whole=size <= PREFIX_SIZE)
        if encoding is None:
            yield from self._in_bytes(chain([head], chunks))
        else:
            for line, text in find_lines(self.search, chain([head], chunks), encoding):
                yield line, text, None

    def _in_bytes(self, chunks: Iterable[bytes], start: int = 0) -> Iterator[FoundMatch]:
        for found in find_in_bytes(self.search, chunks) if self.binary else ():
            yield from ((None, None, start + offset) for offset in found.offsets)
