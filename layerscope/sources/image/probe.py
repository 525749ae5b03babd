"""A cheap look at a file or folder: does it look like an image? For lists of many files, which are not opened for it.

A plain archive is walked with seeks over content, up to some thousand headers: ``docker save`` writes the list of its
images last. Of a compressed one only the first header is decompressed.
"""

import os
import re
import stat
from contextlib import closing
from itertools import islice
from pathlib import Path

from layerscope.errors import LayerscopeError
from layerscope.model.entries import LayerEntries
from layerscope.model.image import Compression, FileSpan
from layerscope.model.local import ArchiveForm, LocalArchive
from layerscope.sources.image.docker_archive import MANIFEST
from layerscope.sources.image.documents import read_span
from layerscope.sources.image.oci_layout import INDEX
from layerscope.sources.stream.compression import DecompressedSpan, detect_span
from layerscope.sources.tar.blocks import open_blocks
from layerscope.sources.tar.header import BLOCK
from layerscope.sources.tar.walk import walk

_MOST_TURNS = 64
"""Times that the walk over an archive may yield, each after 64 reads: the headers of a thousand layers."""

_MOST_BLOBS = 10_000
"""Blobs of a layout whose sizes are looked up: a tenth of a second."""

_LIST_STARTS = {MANIFEST: b"[", INDEX: b"{"}
"""The lists of images, and the first byte of each: other programs write a ``manifest.json`` as well."""

_FIRST_MEMBER = re.compile(rb"(?:\./)?(?:blobs/|oci-layout|index\.json|manifest\.json|[0-9a-f]{64}[/.])")
"""The names of the first members of archives that Docker, podman, skopeo and BuildKit write."""


def probe(path: Path) -> LocalArchive | None:
    """Return what a file or folder is if it looks like an image; None also if it cannot be read."""
    try:
        status = path.stat()
        form = _form(path, status)
    except (OSError, ValueError, LayerscopeError):
        return None
    if form is None:
        return None
    size = _size_of_blobs(path) if form is ArchiveForm.LAYOUT else status.st_size
    return LocalArchive(str(path), form, size, status.st_mtime)


def _size_of_blobs(layout: Path) -> int | None:
    """Return the bytes of the files in the folders of a layout's blobs; None if there are no blobs, or too many."""
    try:
        sizes = [blob.stat().st_size for blob in islice(layout.glob("blobs/*/*"), _MOST_BLOBS + 1)]
    except OSError:
        return None
    return sum(sizes) if 0 < len(sizes) <= _MOST_BLOBS else None


def _form(path: Path, status: os.stat_result) -> ArchiveForm | None:
    if stat.S_ISDIR(status.st_mode):
        return ArchiveForm.LAYOUT if any(_starts(path / name, first) for name, first in _LIST_STARTS.items()) else None
    if not stat.S_ISREG(status.st_mode):
        return None
    span = FileSpan.of_file(str(path), status)
    compression = detect_span(span)
    if compression is Compression.NONE:
        return ArchiveForm.ARCHIVE if _lists_images(span) else None
    with closing(DecompressedSpan(span, compression)) as stream:
        return ArchiveForm.COMPRESSED if _FIRST_MEMBER.match(stream.read1(BLOCK)) else None


def _starts(path: Path, first: bytes) -> bool:
    status = path.stat() if path.exists() else None
    if status is None or not stat.S_ISREG(status.st_mode):
        return False
    with path.open("rb") as file:
        return file.read(1) == first


def _lists_images(span: FileSpan) -> bool:
    entries = LayerEntries()
    with closing(open_blocks(span, Compression.NONE)) as blocks:
        for _ in islice(walk(blocks, entries), _MOST_TURNS):
            pass
    offsets = dict(zip(entries.paths, entries.table.data_offsets, strict=False))
    return any(
        name.encode() in offsets and read_span(span.part(offsets[name.encode()], 1), name) == first
        for name, first in _LIST_STARTS.items()
    )
