"""One pass over the content of many files: each compressed layer is read once, and several layers in parallel."""

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import cached_property, partial

from layerscope.analysis.size.hidden import Occurrences
from layerscope.errors import FormatError
from layerscope.model.columns import picked
from layerscope.model.entries import EntryTable
from layerscope.model.image import Compression, Image, Layer
from layerscope.session.content.content_facts import STORED, ContentFacts
from layerscope.session.content.known_content import KnownContent
from layerscope.session.reading.parallel import IsStopped, in_parallel, processes_at_once
from layerscope.sources.layer.content import LayerContent, data_digest, file_chunks, open_layer_content, stored_chunks
from layerscope.sources.tar.file_hash import digest_of, file_hash

_FilesOfLayer = tuple[int, list[int]]
"""The number of a layer, and occurrences of files in it in the order of their content."""

_FILES_OF_PART = 2048

_SMALL = 4096
"""Bytes that are read at once."""

_LONG_SECONDS = 0.08
"""The time from which on several processes are faster."""

_ORDER_SECONDS = 0.01
"""The least work of one order to a process: an order costs as much as reading a few small files."""

_COMPRESSED_IN_A_SECOND, _BYTES_IN_A_SECOND, _FILES_IN_A_SECOND = 80_000_000, 1_000_000_000, 80_000
"""The amounts that one process reads: stored bytes of a compressed layer, and bytes and files of a plain one."""


@dataclass(slots=True)
class BytesRead:
    """Digests and first bytes by occurrence, each of as many bytes as were requested."""

    digests: dict[int, bytes] = field(default_factory=dict)
    prefixes: dict[int, bytes] = field(default_factory=dict)


class ContentPass:
    """A list of files and how many of their bytes to read. Files that cannot be read are missing from the result.

    A file is the occurrence of it in the ``log``, which says where it is in the ``tables`` of the layers.
    Whole files of ``sparse_sizes`` are compared by their stored bytes: a hole costs nothing, whatever its size.
    ``is_stopped`` ends the pass with ReadingStopped. What is ``known`` is not read again; ``readable`` returns a layer
    by its number, ready to be read.
    """

    def __init__(
        self,
        image: Image,
        log: Occurrences,
        tables: Mapping[int, EntryTable],
        sparse_sizes: Collection[int],
        *,
        is_stopped: IsStopped,
        known: KnownContent,
        readable: Callable[[int], Layer],
    ) -> None:
        self._readable = readable
        self._image = image
        self._log = log
        self._tables = tables
        self._sparse_sizes = sparse_sizes
        self._is_stopped = is_stopped
        self._known = known
        self._digests: dict[int, int] = {}
        self._prefixes: dict[int, int] = {}

    def sizes(self, files: Sequence[int]) -> Sequence[int]:
        """Return the sizes of files."""
        sizes = {layer: table.sizes for layer, table in self._tables.items()}
        places = zip(picked(self._log.layers, files), picked(self._log.rows, files), strict=True)
        return [sizes[layer][row] for layer, row in places]

    def is_compressed(self, file: int) -> bool:
        """Return whether a file is in a layer that has to be decompressed."""
        return self._is_layer_compressed(self._log.layers[file])

    def want_digests(self, occurrences: Iterable[int], size: int = sys.maxsize) -> None:
        """Request digests of files, or of so many of their first bytes."""
        self._digests |= dict.fromkeys(occurrences, size)

    def want_prefixes(self, sizes: Mapping[int, int]) -> None:
        """Request so many first bytes of each file."""
        for occurrence, size in sizes.items():
            self._prefixes[occurrence] = max(size, self._prefixes.get(occurrence, 0))

    def read(self) -> BytesRead:
        """Read what was requested."""
        result, layers = BytesRead(), self._log.layers
        wanted, unknown = dict[int, list[int]](), dict[int, list[int]]()
        for file in self._digests.keys() | self._prefixes.keys():
            wanted.setdefault(layers[file], []).append(file)
        for layer, files in sorted(wanted.items()):
            if missing := self._without_known(layer, files, result):
                unknown[layer] = missing
        for layer in unknown:
            # here, once, and not in every process; a layer that cannot be read is found out again when it is read
            with suppress(FormatError):
                self._readable(layer)
        for layer, part in self._read_layers(list(unknown.items())):
            self._known.add(self._image.layers[layer - 1], self._facts(part, self._tables[layer]))
            result.digests |= part.digests
            result.prefixes |= part.prefixes
        return result

    def _without_known(self, layer: int, files: list[int], result: BytesRead) -> list[int]:
        """Add what is known of the files of a layer to the result, and return the others in the order of content."""
        facts, rows = self._known.of(self._image.layers[layer - 1]), self._log.rows
        table, kept = self._tables[layer], facts.count
        if not facts.is_empty:
            files = self._unknown(files, facts, table, result)
        if facts.count > kept:
            self._known.keep(self._image.layers[layer - 1])
        offsets = table.data_offsets
        return sorted(files, key=lambda file: offsets[rows[file]])

    def _unknown(self, files: Iterable[int], facts: ContentFacts, table: EntryTable, result: BytesRead) -> list[int]:
        """Add what is known of the files of a layer to the result, and return those of which something is missing."""
        rows, sizes, unknown = self._log.rows, table.sizes, list[int]()
        for file in files:
            row = rows[file]
            size = sizes[row]
            if file in self._digests:
                hashed = self._hashed(file, size)
                # a call for each of 60,000 files takes a quarter of the time in which they are compared
                digest = facts.digests.get((row, hashed)) or facts.digest(row, hashed, size)
                if digest is None:
                    unknown.append(file)
                    continue
                result.digests[file] = digest
            if file in self._prefixes:
                prefix = facts.prefix(row, min(size, self._prefixes[file]))
                if prefix is None:
                    unknown.append(file)
                    continue
                result.prefixes[file] = prefix
        return unknown

    def _hashed(self, file: int, size: int) -> int:
        """Return the number of first bytes that the digest of a file of ``size`` bytes covers, or `STORED`."""
        hashed = self._digests[file]
        if hashed < size:
            return hashed
        return STORED if size in self._sparse_sizes else size

    def _read_layers(self, by_layer: list[_FilesOfLayer]) -> Iterator[tuple[int, BytesRead]]:
        """Yield what is read of each layer, or of some of its files, with its number."""
        layers, processes = [layer for layer, _ in by_layer], processes_at_once()
        if processes > 1 and sum(seconds := [self._seconds(files) for files in by_layer]) > _LONG_SECONDS:
            longest_first = sorted(range(len(by_layer)), key=seconds.__getitem__, reverse=True)
            yield from self._read_in_processes([by_layer[place] for place in longest_first], processes)
        elif sum(map(self._is_layer_compressed, layers)) > 1:
            yield from zip(layers, in_parallel(self._read_layer, by_layer), strict=True)
        else:
            yield from zip(layers, map(partial(self._read_layer, is_abandoned=bool), by_layer), strict=True)

    def _read_in_processes(self, by_layer: list[_FilesOfLayer], processes: int) -> Iterator[tuple[int, BytesRead]]:
        from layerscope.session.reading.forked import ForkedWork  # noqa: PLC0415  # small images need none

        orders = list(self._orders(by_layer))
        with ForkedWork(self._messages, orders, min(processes, len(orders))) as work:
            if not work.is_started:
                yield from ((part[0], self._read_layer(part, bool)) for order in orders for part in order)
            for _, message in work.messages(iter(range(len(orders)))):
                yield from ((layer, BytesRead(*read)) for layer, *read in message or ())

    def _messages(self, order: Sequence[_FilesOfLayer], is_abandoned: IsStopped) -> Iterator[object]:
        reads = [(part[0], self._read_layer(part, is_abandoned)) for part in order]
        yield [(layer, read.digests, read.prefixes) for layer, read in reads]

    def _orders(self, by_layer: list[_FilesOfLayer]) -> Iterator[Sequence[_FilesOfLayer]]:
        """Yield the parts of layers, small ones together: an image may have 65,535 layers of one file."""
        order, seconds = list[_FilesOfLayer](), 0.0
        for part in self._parts(by_layer):
            order.append(part)
            seconds += self._seconds(part)
            if seconds >= _ORDER_SECONDS:
                yield order
                order, seconds = [], 0.0
        if order:
            yield order

    def _parts(self, by_layer: list[_FilesOfLayer]) -> Iterator[_FilesOfLayer]:
        """Yield the layers, those that can be read from any offset in several parts."""
        for layer, files in by_layer:
            count = len(files) if self._is_layer_compressed(layer) else _FILES_OF_PART
            for start in range(0, len(files), count):
                yield layer, files[start : start + count]

    def _seconds(self, files_of_layer: _FilesOfLayer) -> float:
        """Return about how long it takes to read the files of a layer."""
        layer, files = files_of_layer
        if self._is_layer_compressed(layer):
            return (self._image.layers[layer - 1].blob_size or 0) / _COMPRESSED_IN_A_SECOND
        seconds = len(files) / _FILES_IN_A_SECOND
        if seconds > _LONG_SECONDS:
            # a closer look would take a part of the time that it decides about
            return seconds
        rows, sizes = self._log.rows, self._tables[layer].sizes
        wanted = (max(self._digests.get(file, 0), self._prefixes.get(file, 0)) for file in files)
        read = sum(min(size, sizes[rows[file]]) for file, size in zip(files, wanted, strict=True))
        return seconds + read / _BYTES_IN_A_SECOND

    def _is_layer_compressed(self, layer: int) -> bool:
        return layer in self._compressed

    @cached_property
    def _compressed(self) -> frozenset[int]:
        return frozenset(layer.number for layer in self._image.layers if layer.compression is not Compression.NONE)

    def _read_layer(self, files_of_layer: _FilesOfLayer, is_abandoned: IsStopped) -> BytesRead:
        layer, files = files_of_layer
        result, table, rows = BytesRead(), self._tables[layer], self._log.rows

        def is_stopped() -> bool:
            return is_abandoned() or self._is_stopped()

        try:
            with closing(open_layer_content(self._readable(layer), is_stopped)) as content:
                # nothing after a break can be read either
                with suppress(FormatError):
                    for file in files:
                        self._read_file(file, result, content, table, rows[file])
                content.check_unchanged()
        except FormatError:
            return BytesRead()
        return result

    def _facts(self, result: BytesRead, table: EntryTable) -> ContentFacts:
        """Return what was read of the files of a layer, by row."""
        digests, rows = dict[tuple[int, int], bytes](), self._log.rows
        for file, digest in result.digests.items():
            row = rows[file]
            digests[row, self._hashed(file, table.sizes[row])] = digest
        return ContentFacts(digests, {rows[file]: prefix for file, prefix in result.prefixes.items()})

    def _read_file(self, file: int, result: BytesRead, content: LayerContent, table: EntryTable, row: int) -> None:
        size, kept = table.sizes[row], self._prefixes.get(file, 0)
        hashed = self._hashed(file, size) if file in self._digests else 0
        needed = min(max(hashed, kept), size)
        if hashed != STORED and needed <= _SMALL and row not in table.sparse:
            # nearly all files, which the generators below would take twice as long to read
            data = content.read_unchecked(table.data_offsets[row], needed)
            if file in self._digests:
                result.digests[file] = digest_of(data[:hashed])
            if file in self._prefixes:
                result.prefixes[file] = data[:kept]
            return
        prefix = _Prefix(min(kept, size))
        if hashed == STORED:
            result.digests[file] = data_digest(prefix.passing(stored_chunks(content, table, row)), size)
        else:
            hasher = file_hash(hashed) if file in self._digests else None
            for start, chunk in prefix.passing(_numbered(_first(content, table, row, max(hashed, kept)))):
                if hasher and start < hashed:
                    hasher.update(chunk[: hashed - start])
            if hasher:
                result.digests[file] = hasher.digest()
        if file in self._prefixes:
            result.prefixes[file] = bytes(prefix.data)


class _Prefix:
    """The first bytes of a file, collected while its chunks pass by; zeros where no chunk has any."""

    def __init__(self, size: int) -> None:
        self.data = bytearray(size)

    def passing(self, chunks: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
        """Yield the chunks, each with its offset."""
        size = len(self.data)
        for start, chunk in chunks:
            if start < size:
                part = chunk[: size - start]
                self.data[start : start + len(part)] = part
            yield start, chunk


def _numbered(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield each chunk with its offset."""
    start = 0
    for chunk in chunks:
        yield start, chunk
        start += len(chunk)


def _first(content: LayerContent, table: EntryTable, row: int, size: int) -> Iterator[bytes]:
    """Yield the first bytes of a file."""
    if row not in table.sparse:
        yield from content.chunks(table.data_offsets[row], min(size, table.sizes[row]))
        return
    for chunk in file_chunks(content, table, row):
        yield chunk[:size]
        size -= len(chunk)
        if size <= 0:
            return
