"""The images in an archive file, which may be compressed as a whole."""

from layerscope.errors import SourceError, UnsupportedFormat, os_reason
from layerscope.model.candidate import Candidate
from layerscope.model.image import Compression
from layerscope.model.span import FileSpan
from layerscope.sources.image.archive import ArchiveFiles
from layerscope.sources.image.origin import Origin
from layerscope.sources.image.recognize import archive_candidates, what_it_is
from layerscope.sources.stream.compression import detect_span
from layerscope.sources.stream.spool import Spool

_MOST_COMPRESSIONS = 3
"""Compressions of one archive that are undone, such as two of ``x.tar.gz.gz``."""


def open_archive(archive: FileSpan, name: str, origin: Origin, spool: Spool) -> tuple[Candidate, ...]:
    """Return the images in an archive, which messages call ``name``; raises SourceError and FormatError."""
    try:
        plain, error = _decompressed(archive, name, spool)
        files = ArchiveFiles(plain, name, error)
    except OSError as failure:
        raise SourceError(f"cannot read {name}: {os_reason(failure)}") from failure
    if not files.is_tar:
        raise UnsupportedFormat(error or what_it_is(plain, name))
    return archive_candidates(files, origin)


def _decompressed(archive: FileSpan, name: str, spool: Spool) -> tuple[FileSpan, str | None]:
    """Return the plain archive, also of one that was compressed twice, and the error that ended it early."""
    for _ in range(_MOST_COMPRESSIONS):
        compression = detect_span(archive)
        if compression is Compression.NONE:
            return archive, None
        archive, error = spool.decompressed(archive, compression, name)
        if error is not None:
            return archive, error
    if detect_span(archive) is not Compression.NONE:
        raise UnsupportedFormat(f"{name} is compressed more than {_MOST_COMPRESSIONS} times")
    return archive, None
