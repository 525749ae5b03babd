"""The reference that a user types, opened by the first source in an ordered list that recognizes it."""

import os
import stat
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from layerscope.errors import EngineUnavailable, ImageNotFound, SourceError, UnsupportedFormat, os_reason
from layerscope.model.candidate import Candidate
from layerscope.model.image import Compression, Image
from layerscope.model.progress import Progress, no_progress
from layerscope.model.span import FileSpan
from layerscope.sources.engine.reference import parse_reference
from layerscope.sources.image import choice
from layerscope.sources.image.archive import ArchiveFiles
from layerscope.sources.image.folder import FolderFiles
from layerscope.sources.image.origin import Origin
from layerscope.sources.image.recognize import archive_candidates, candidates_of, what_it_is
from layerscope.sources.stream.compression import detect_span
from layerscope.sources.stream.spool import Spool
from layerscope.text import short_name

STANDARD_INPUT = "-"

Candidates = tuple[Candidate, ...]


class OpenedSource:
    """The images behind a reference; closing it removes the temporary files."""

    def __init__(self, reference: str, candidates: Candidates, stack: ExitStack) -> None:
        self.reference = reference
        self.candidates = candidates
        self._stack = stack

    @property
    def choices(self) -> Candidates:
        """The candidates that a user may choose from, without attestations and other artifacts."""
        return choice.choices(self.candidates)

    def choose(self, image: str | None = None, platform: str | None = None) -> Image:
        """Return the requested image; raises as `choice.choose` does, and FormatError if the image is broken."""
        return choice.choose(self.candidates, image, platform, name=_title(self.reference)).build()

    def close(self) -> None:
        """Remove the temporary files; their layers can no longer be read."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def open_source(reference: str, *, progress: Progress | None = None) -> OpenedSource:
    """Return the images behind a reference: a folder, an archive, ``-`` for standard input, an engine's image.

    ``progress`` is called while bytes are copied or decompressed. Raises SourceError and FormatError.
    """
    with ExitStack() as stack:
        spool = Spool(stack, progress or no_progress)
        for source in _SOURCES:
            candidates = source(reference, spool)
            if candidates is not None:
                return OpenedSource(reference, candidates, stack.pop_all())
    raise ImageNotFound(
        f"no file or folder is named {short_name(reference)}" if reference else "the name of the image is empty"
    )


def _open_standard_input(reference: str, spool: Spool) -> Candidates | None:
    if reference != STANDARD_INPUT:
        return None
    name = _title(reference)
    if sys.stdin is None:
        raise SourceError("standard input is closed")
    if sys.stdin.isatty():
        raise SourceError(
            "standard input is a terminal: pipe an archive into it, as in docker save my-app | layerscope -"
        )
    return _archive(spool.stream(sys.stdin.buffer, name), name, Origin.archive(reference), spool)


def _open_folder(reference: str, _spool: Spool) -> Candidates | None:
    status = _status(reference)
    if status is None or not stat.S_ISDIR(status.st_mode):
        return None
    try:
        return candidates_of(FolderFiles(Path(reference)), Origin.folder(reference))
    except UnsupportedFormat as error:
        if parse_reference(reference) is None:
            raise
        raise UnsupportedFormat(f"{error} (for an engine's image of that name, write docker://{reference})") from error


def _open_file(reference: str, spool: Spool) -> Candidates | None:
    status, name = _status(reference), _title(reference)
    if status is None:
        return None
    if stat.S_ISFIFO(status.st_mode):
        archive = _read_pipe(Path(reference), name, spool)
    elif stat.S_ISREG(status.st_mode):
        archive = FileSpan(str(Path(reference).absolute()), 0, status.st_size, status.st_size)
    else:
        raise UnsupportedFormat(f"{name} is neither a file nor a folder")
    return _archive(archive, name, Origin.archive(reference), spool)


def _open_engine(reference: str, spool: Spool) -> Candidates | None:
    wanted = parse_reference(reference)
    if wanted is None:
        return None
    from layerscope.sources.engine.export import export  # noqa: PLC0415  # sockets and processes, which a file does not need

    try:
        exported = export(wanted, spool)
    except (EngineUnavailable, ImageNotFound) as error:
        if wanted.engine is not None:
            raise
        raise ImageNotFound(f"no file or folder is named {_title(reference)}, and {error}") from error
    return _archive(exported.archive, _title(reference), Origin.engine(reference, exported.engine), spool)


_SOURCES: tuple[Callable[[str, Spool], Candidates | None], ...] = (
    _open_standard_input,
    _open_folder,
    _open_file,
    _open_engine,
)
"""The sources, tried in this order; each returns None for a reference that it does not recognize."""


def _title(reference: str) -> str:
    return "standard input" if reference == STANDARD_INPUT else short_name(reference)


def _status(reference: str) -> os.stat_result | None:
    """Return the status of the file or folder with that name, or None."""
    try:
        return Path(reference).stat() if reference else None
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    except OSError as error:
        raise SourceError(f"cannot read {short_name(reference)}: {os_reason(error)}") from error


def _read_pipe(path: Path, name: str, spool: Spool) -> FileSpan:
    try:
        with path.open("rb") as file:
            return spool.stream(file, name)
    except OSError as error:
        raise SourceError(f"cannot read {name}: {os_reason(error)}") from error


def _archive(archive: FileSpan, name: str, origin: Origin, spool: Spool) -> Candidates:
    """Return the images in an archive, which may be compressed as a whole."""
    error = None
    try:
        compression = detect_span(archive)
        if compression is not Compression.NONE:
            archive, error = spool.decompressed(archive, compression, name)
        files = ArchiveFiles(archive, name, error)
    except OSError as failure:
        raise SourceError(f"cannot read {name}: {os_reason(failure)}") from failure
    if not files.names:
        raise UnsupportedFormat(error or what_it_is(archive, name))
    return archive_candidates(files, origin)
