"""One pass over the content of many files: each layer is read once, compressed layers in parallel."""

import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.errors import FormatError
from layerscope.model.entries import EntryTable
from layerscope.model.image import Compression, Image
from layerscope.sources.layer.content import LayerContent, file_chunks, open_layer_content


@dataclass(slots=True)
class BytesRead:
    """Digests and first bytes by occurrence, each of as many bytes as were requested."""

    digests: dict[int, bytes] = field(default_factory=dict)
    prefixes: dict[int, bytes] = field(default_factory=dict)


class ContentPass:
    """A list of files and how many of their bytes to read. Files that cannot be read are missing from the result."""

    def __init__(self, image: Image, tree: LayeredTree) -> None:
        self._image = image
        self._tree = tree
        self._digests: dict[int, int] = {}
        self._prefixes: dict[int, int] = {}

    def want_digests(self, occurrences: Iterable[int], size: int = sys.maxsize) -> None:
        """Request digests of files, or of so many of their first bytes."""
        self._digests |= dict.fromkeys(occurrences, size)

    def want_prefixes(self, sizes: Mapping[int, int]) -> None:
        """Request so many first bytes of each file."""
        for occurrence, size in sizes.items():
            self._prefixes[occurrence] = max(size, self._prefixes.get(occurrence, 0))

    def read(self) -> BytesRead:
        """Read what was requested."""
        by_layer: dict[int, list[int]] = {}
        for occurrence in sorted(self._digests.keys() | self._prefixes.keys(), key=self._offset):
            by_layer.setdefault(self._tree.index.layers[occurrence], []).append(occurrence)
        result = BytesRead()
        for part in _read_layers(self._read_layer, by_layer, self._is_compressed):
            result.digests |= part.digests
            result.prefixes |= part.prefixes
        return result

    def _offset(self, occurrence: int) -> int:
        index = self._tree.index
        return self._tree.tables[index.layers[occurrence]].data_offsets[index.rows[occurrence]]

    def _is_compressed(self, layer: int) -> bool:
        return self._image.layers[layer - 1].compression is not Compression.NONE

    def _read_layer(self, layer: int, files: list[int]) -> BytesRead:
        result, table, rows = BytesRead(), self._tree.tables[layer], self._tree.index.rows
        try:
            with closing(open_layer_content(self._image.layers[layer - 1])) as content:
                for file in files:
                    self._read_file(file, result, content, table, rows[file])
        except FormatError:
            # nothing after the break can be read either
            return result
        return result

    def _read_file(self, file: int, result: BytesRead, content: LayerContent, table: EntryTable, row: int) -> None:
        hashed, kept = self._digests.get(file, 0), self._prefixes.get(file, 0)
        hasher, prefix, done = hashlib.sha256() if hashed else None, b"", 0
        for chunk in _first(content, table, row, max(hashed, kept)):
            if hasher and done < hashed:
                hasher.update(chunk[: hashed - done])
            if done < kept:
                prefix += chunk[: kept - done]
            done += len(chunk)
        if hasher:
            result.digests[file] = hasher.digest()
        if file in self._prefixes:
            result.prefixes[file] = prefix


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


def _read_layers(
    read: Callable[[int, list[int]], BytesRead], by_layer: Mapping[int, list[int]], is_compressed: Callable[[int], bool]
) -> Iterator[BytesRead]:
    """Read each layer, compressed ones in parallel: decompression releases the interpreter lock."""
    if sum(map(is_compressed, by_layer)) < 2:  # noqa: PLR2004  # one layer cannot be read in parallel
        yield from (read(layer, files) for layer, files in by_layer.items())
        return
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # 5 ms, which plain layers do not need

    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        yield from pool.map(read, by_layer, by_layer.values())
