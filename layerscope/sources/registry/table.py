"""The tables of contents of layers in a registry: where the manifest says that they are, fetched and checked.

zstd:chunked: https://github.com/containers/storage/blob/main/pkg/chunked/internal/compression.go;
eStargz: https://github.com/containerd/stargz-snapshotter/blob/main/docs/estargz.md
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from layerscope.errors import FormatError, ReadingStopped, SourceError
from layerscope.model.documents import Digest
from layerscope.model.entries import LayerEntries
from layerscope.model.image import Compression, FileSpan, Layer, TableOfContents
from layerscope.sources.layer.table_of_contents import list_table
from layerscope.sources.request import KnownImages
from layerscope.sources.stream.compression import SpanFile, decompressed_start
from layerscope.sources.tar.header import BLOCK, NAME, SIZE, number, text

if TYPE_CHECKING:
    from layerscope.sources.registry.client import RegistryClient

_CHUNKED = "io.github.containers.zstd-chunked.manifest-checksum"
_CHUNKED_POSITION = "io.github.containers.zstd-chunked.manifest-position"
_STARGZ = "containerd.io/snapshot/stargz/toc.digest"

_LARGEST = 150 * 1024 * 1024
_POSITION = re.compile(r"(\d{1,15}):(\d{1,15}):(\d{1,15}):1", re.ASCII)
_FOOTER_SIZE = 51
_FOOTER = re.compile(rb"\x1f\x8b\x08\x04.{6}\x1a\0SG\x16\0([0-9a-f]{16})STARGZ\x01\0\0\xff\xff\0{8}", re.DOTALL)
"""An empty gzip member whose header has the offset of the table; a table in another image has another one."""

_INDEX = b"stargz.index.json"


def stated_table(layer: Layer, annotations: Mapping[str, str]) -> TableOfContents | None:
    """Return the table of contents that the annotations of a layer state; None for none, or for two."""
    if (_CHUNKED in annotations) == (_STARGZ in annotations):
        return None
    try:
        digest = Digest.parse(annotations.get(_CHUNKED) or annotations.get(_STARGZ, ""))
    except ValueError:
        return None
    is_chunked = _CHUNKED in annotations
    position = _POSITION.fullmatch(annotations.get(_CHUNKED_POSITION, "")) if is_chunked else None
    is_stored_so = layer.compression is (Compression.ZSTD if is_chunked else Compression.GZIP)
    if digest.algorithm != "sha256" or not is_stored_so or (is_chunked and position is None):
        return None
    return TableOfContents(digest, position and (int(position[1]), int(position[2]), int(position[3])))


def fetched_table(
    client: "RegistryClient", layer: Layer, known: KnownImages | None
) -> tuple[bytes, LayerEntries] | None:
    """Return the table of contents of a layer, and its entries; None where the layer has to be read whole."""
    table = layer.table
    if table is None or layer.digest is None or layer.blob_size is None:
        return None
    kept = None if known is None else known.document(table.digest)
    try:
        read = partial(client.blob_range, layer.digest)
        data = _stored(read, layer.blob_size, table) if kept is None else kept
        data = data if data is not None and hashlib.sha256(data).hexdigest() == table.digest.encoded else None
        found = None if data is None else _unpacked(data, table)
        if data is None or found is None:
            return None
        entries = list_table(found, layer.blob_size)
    except ReadingStopped:
        raise
    except (FormatError, SourceError):
        return None
    if kept is None and known is not None:
        known.keep_document(table.digest, data, f"table of contents in {client.name.title}")
    return found, entries


def found_table(blob: FileSpan, table: TableOfContents) -> tuple[Digest | None, LayerEntries | None]:
    """Return the digest of the table in a blob, and its entries; None where there is none, or one of no use."""
    with suppress(FormatError, OSError), SpanFile(blob) as file:

        def read(offset: int, size: int) -> bytes:
            file.move_to(offset)
            return file.read(size) or b""

        data = _stored(read, blob.size, table)
        if data is None:
            return None, None
        digest, entries = Digest("sha256", hashlib.sha256(data).hexdigest()), None
        with suppress(FormatError):
            unpacked = _unpacked(data, table)
            entries = None if unpacked is None else list_table(unpacked, blob.size)
        return digest, entries
    return None, None


_Read = Callable[[int, int], bytes | None]
"""Reads bytes of a blob, by offset and size."""


def _stored(read: _Read, size: int, table: TableOfContents) -> bytes | None:
    """Return the bytes that should have the table's digest: of zstd:chunked as they are stored, of eStargz the JSON."""
    if table.position is not None:
        offset, stored, _ = table.position
        if not 0 < stored <= _LARGEST or offset + stored > size:
            return None
        return read(offset, stored)
    return _stargz_index(read, size)


def _unpacked(data: bytes, table: TableOfContents) -> bytes | None:
    if table.position is None:
        return data
    size = table.position[2]
    unpacked = decompressed_start(data, Compression.ZSTD, size + 1) if size <= _LARGEST else b""
    return unpacked if len(unpacked) == size else None


def _stargz_index(read: _Read, size: int) -> bytes | None:
    """Return the JSON of an eStargz layer: the one file of a tar, between the layer's entries and the footer."""
    end = size - _FOOTER_SIZE
    footer = _FOOTER.fullmatch((read(end, _FOOTER_SIZE) or b"") if end > 0 else b"")
    offset = end if footer is None else int(footer[1], 16)
    if not 0 <= end - offset <= _LARGEST or offset == end:
        return None
    packed = read(offset, end - offset)
    tar = decompressed_start(packed or b"", Compression.GZIP, _LARGEST + BLOCK)
    try:
        length = number(tar[SIZE])
    except ValueError:
        return None
    return tar[BLOCK : BLOCK + length] if text(tar[NAME]) == _INDEX and 0 <= length <= len(tar) - BLOCK else None
