"""Passes over the content of many files: each compressed layer is read once, and several layers in parallel."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING

from layerscope.errors import FormatError
from layerscope.model.columns import picked
from layerscope.model.content_facts import DIGEST_SIZE, NO_DIGEST, STORED, ContentFacts
from layerscope.model.entries import EntryTable
from layerscope.model.image import Compression
from layerscope.session.content.open_layers import OpenLayers
from layerscope.session.reading.forked import ForkedWork
from layerscope.sources.layer.content import LayerContent, file_chunks, stored_chunks
from layerscope.sources.tar.file_hash import data_digest, digest_of, file_hash
from layerscope.work import IsStopped, in_parallel, processes_at_once

if TYPE_CHECKING:
    from layerscope.analysis.size.hidden import Occurrences

_NOTHING = -2
"""In place of the number of bytes of which a digest or a prefix is needed."""

FileRead = tuple[int, int, int, int]
"""A file to read: its occurrence and its row, the bytes that its digest covers, and the length of its prefix."""

_LayerRead = tuple[int, list[FileRead]]
"""The number of a layer, and files to read of it in the order of their content."""

FileBytes = tuple[dict[int, bytes], dict[int, bytes]]
"""Digests and first bytes by the occurrence of a file."""

ReadFile = Callable[[FileRead, FileBytes, LayerContent, EntryTable], None]
"""A function that adds what is read of a file to the result."""

_FILES_OF_PART = 2048

_SMALL = 4096
"""Bytes that are read at once."""

_LONG_SECONDS = 0.08
"""The time from which on several processes or threads are faster."""

_ORDER_SECONDS = 0.01
"""The least work of one order to a process: an order costs as much as reading a few small files."""

_COMPRESSED_IN_A_SECOND, _BYTES_IN_A_SECOND, _FILES_IN_A_SECOND = 80_000_000, 1_000_000_000, 80_000
"""The amounts that one process reads: stored bytes of a compressed layer, and bytes and files of a plain one."""


class ContentReader:
    """Reads digests and first bytes of the files of an image, and adds them to what is known of its layers.

    A file is the occurrence of it in the ``log``, which says where it is in the ``tables`` of the layers. Whole files
    of ``sparse_sizes`` are compared by their stored bytes: a hole costs nothing, whatever its size. ``is_stopped`` ends
    a pass with ReadingStopped. `pass_over` has another function ``read_file``.
    """

    def __init__(
        self,
        layers: OpenLayers,
        log: "Occurrences",
        tables: Mapping[int, EntryTable],
        sparse_sizes: Collection[int],
        is_stopped: IsStopped | None = None,
        *,
        read_file: ReadFile | None = None,
    ) -> None:
        self._layers = layers
        self._log = log
        self._tables = tables
        self._sparse_sizes = sparse_sizes
        self._is_stopped = is_stopped or layers.is_stopped
        self._read_file = read_file or _read_file

    def sizes(self, files: Sequence[int]) -> Sequence[int]:
        sizes = {layer: table.sizes for layer, table in self._tables.items()}
        rows = zip(picked(self._log.layers, files), picked(self._log.rows, files), strict=True)
        return [sizes[layer][row] for layer, row in rows]

    def is_compressed(self, file: int) -> bool:
        """Return whether a file is in a layer that has to be decompressed."""
        return self._log.layers[file] in self._compressed

    def read(self, digests: Mapping[int, int], prefixes: Mapping[int, int]) -> FileBytes:
        """Return digests of files, each of so many of its first bytes, and so many first bytes of files.

        What is known is not read again. Files that cannot be read are missing from the result.
        """
        result: FileBytes = {}, {}
        layers, by_layer, unknown = self._log.layers, dict[int, list[int]](), dict[int, list[FileRead]]()
        for file in digests.keys() | prefixes.keys():
            by_layer.setdefault(layers[file], []).append(file)
        for layer, files in sorted(by_layer.items()):
            if missing := self._unknown(layer, files, digests, prefixes, result):
                unknown[layer] = missing
        for (layer, files_read), (found_digests, found_prefixes) in self._read_layers(list(unknown.items())):
            self._add(layer, files_read, found_digests, found_prefixes)
            result[0].update(found_digests)
            result[1].update(found_prefixes)
        return result

    def pass_over(self, files: Iterable[int]) -> Iterator[FileBytes]:
        """Yield what is read of those files that can be read, for one layer, or part of one, after the other."""
        by_layer = dict[int, list[FileRead]]()
        for file in files:
            layer, row = self._log.layers[file], self._log.rows[file]
            by_layer.setdefault(layer, []).append((file, row, self._tables[layer].sizes[row], _NOTHING))
        for layer, read in by_layer.items():
            offsets = self._tables[layer].data_offsets
            by_layer[layer] = sorted(read, key=lambda each: offsets[each[1]])
        return (result for _, result in self._read_layers(list(by_layer.items())))

    def _unknown(
        self,
        layer: int,
        files: Iterable[int],
        digests: Mapping[int, int],
        prefixes: Mapping[int, int],
        result: FileBytes,
    ) -> list[FileRead]:
        """Add what is known of the files of a layer to the result, and return the others in the order of content."""
        facts, table, rows = self._facts(layer), self._tables[layer], self._log.rows
        # a call for each of 60,000 files takes a quarter of the time in which they are compared
        sizes, whole, unknown = table.sizes, bytes(facts.digests) if digests else b"", list[FileRead]()
        for file in files:
            row = rows[file]
            size, hashed, kept = sizes[row], digests.get(file, _NOTHING), prefixes.get(file, _NOTHING)
            is_known = True
            if hashed != _NOTHING:
                if hashed >= size:
                    hashed = STORED if size in self._sparse_sizes else size
                if hashed == size:
                    digest = whole[row * DIGEST_SIZE : (row + 1) * DIGEST_SIZE]
                else:
                    digest = facts.part_digests.get((row, hashed), b"")
                if digest and digest != NO_DIGEST:
                    result[0][file] = digest
                else:
                    is_known = False
            if kept != _NOTHING:
                kept = min(size, kept)
                prefix = facts.prefix(row, kept)
                if prefix is None:
                    is_known = False
                else:
                    result[1][file] = prefix
            if not is_known:
                unknown.append((file, row, hashed, kept))
        offsets = table.data_offsets
        return sorted(unknown, key=lambda read: offsets[read[1]])

    def _facts(self, layer: int) -> ContentFacts:
        return self._layers.known.facts(self._layers.image.layers[layer - 1])

    def _add(
        self, layer: int, files: Iterable[FileRead], digests: Mapping[int, bytes], prefixes: Mapping[int, bytes]
    ) -> None:
        """Add what was read of the files of a layer to what is known of it."""
        facts, sizes = self._facts(layer), self._tables[layer].sizes
        for file, row, hashed, _ in files:
            digest, prefix = digests.get(file), prefixes.get(file)
            if digest is not None:
                facts.add_digest(row, hashed, sizes[row], digest)
            if prefix is not None:
                facts.prefixes[row] = prefix
                facts.asked.add(row)
        self._layers.known.keep_facts(self._layers.image.layers[layer - 1])

    def _read_layers(self, by_layer: list[_LayerRead]) -> Iterator[tuple[_LayerRead, FileBytes]]:
        """Yield the layers, or parts of them, with what is read of each."""
        for layer, _ in by_layer:
            # here, once, and not in every process; a layer that cannot be read is found out again when it is read
            with suppress(FormatError):
                self._layers.prepare(layer)
        processes, seconds = processes_at_once(), [self._seconds(part) for part in by_layer]
        is_long = sum(seconds) > _LONG_SECONDS
        if is_long and processes > 1:
            longest_first = sorted(range(len(by_layer)), key=seconds.__getitem__, reverse=True)
            yield from self._read_in_processes([by_layer[index] for index in longest_first], processes)
        elif is_long and sum(layer in self._compressed for layer, _ in by_layer) > 1:
            yield from zip(by_layer, in_parallel(self._read_layer, by_layer), strict=True)
        else:
            yield from zip(by_layer, map(partial(self._read_layer, is_abandoned=bool), by_layer), strict=True)

    def _read_in_processes(self, by_layer: list[_LayerRead], processes: int) -> Iterator[tuple[_LayerRead, FileBytes]]:
        orders = list(self._orders(by_layer))
        with ForkedWork(self._messages, orders, min(processes, len(orders))) as work:
            if not work.is_started:
                yield from ((part, self._read_layer(part, bool)) for order in orders for part in order)
            for index, message in work.messages(iter(range(len(orders)))):
                yield from zip(orders[index], message or (), strict=False)

    def _messages(self, order: Sequence[_LayerRead], is_abandoned: IsStopped) -> Iterator[list[FileBytes]]:
        yield [self._read_layer(part, is_abandoned) for part in order]

    def _orders(self, by_layer: list[_LayerRead]) -> Iterator[Sequence[_LayerRead]]:
        """Yield the parts of layers, small ones together: an image may have 65,535 layers of one file."""
        order, seconds = list[_LayerRead](), 0.0
        for part in self._parts(by_layer):
            order.append(part)
            seconds += self._seconds(part)
            if seconds >= _ORDER_SECONDS:
                yield order
                order, seconds = [], 0.0
        if order:
            yield order

    def _parts(self, by_layer: list[_LayerRead]) -> Iterator[_LayerRead]:
        """Yield the layers, those that can be read from any offset in several parts."""
        for layer, files in by_layer:
            count = len(files) if layer in self._compressed else _FILES_OF_PART
            for start in range(0, len(files), count):
                yield layer, files[start : start + count]

    def _seconds(self, part: _LayerRead) -> float:
        """Return about how long it takes to read files of a layer."""
        layer, files = part
        if layer in self._compressed:
            return (self._layers.image.layers[layer - 1].blob_size or 0) / _COMPRESSED_IN_A_SECOND
        seconds = len(files) / _FILES_IN_A_SECOND
        if seconds > _LONG_SECONDS:
            # a closer look would take a part of the time that it decides about
            return seconds
        sizes = self._tables[layer].sizes
        read = sum(sizes[row] if hashed == STORED else max(hashed, kept, 0) for _, row, hashed, kept in files)
        return seconds + read / _BYTES_IN_A_SECOND

    @cached_property
    def _compressed(self) -> frozenset[int]:
        layers = self._layers.image.layers
        return frozenset(layer.number for layer in layers if layer.compression is not Compression.NONE)

    def _read_layer(self, part: _LayerRead, is_abandoned: IsStopped) -> FileBytes:
        layer, files = part
        result: FileBytes = {}, {}
        table = self._tables[layer]

        def is_stopped() -> bool:
            return is_abandoned() or self._is_stopped()

        try:
            with closing(self._layers.content(layer, is_stopped)) as content:
                # nothing after a break can be read either
                with suppress(FormatError):
                    for file in files:
                        self._read_file(file, result, content, table)
                content.check_unchanged()
        except FormatError:
            return {}, {}
        return result


def _read_file(read: FileRead, result: FileBytes, content: LayerContent, table: EntryTable) -> None:
    """Add the digest and the first bytes of a file to the result."""
    (file, row, hashed, kept), (digests, prefixes) = read, result
    needed, size = max(hashed, kept), table.sizes[row]
    if hashed != STORED and needed <= _SMALL and row not in table.sparse:
        # nearly all files, which the generators below would take twice as long to read
        data = content.read_unchecked(table.data_offsets[row], needed)
        if hashed != _NOTHING:
            digests[file] = digest_of(data[:hashed])
        if kept != _NOTHING:
            prefixes[file] = data[:kept]
        return
    prefix = _Prefix(max(kept, 0))
    if hashed == STORED:
        digests[file] = data_digest(prefix.passing(stored_chunks(content, table, row)), size)
    else:
        hasher = None if hashed == _NOTHING else file_hash(hashed)
        for start, chunk in prefix.passing(_numbered(_first(content, table, row, needed))):
            if hasher and start < hashed:
                hasher.update(chunk[: hashed - start])
        if hasher:
            digests[file] = hasher.digest()
    if kept != _NOTHING:
        prefixes[file] = bytes(prefix.data)


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
    if row not in table.sparse:
        yield from content.chunks(table.data_offsets[row], size)
        return
    for chunk in file_chunks(content, table, row):
        yield chunk[:size]
        size -= len(chunk)
        if size <= 0:
            return
