"""The reference that a user types, opened by the first source in an ordered list that recognizes it."""

import os
import stat
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from msgspec.structs import replace

from layerscope.errors import EngineUnavailable, ImageNotFound, SourceError, UnsupportedFormat, os_reason
from layerscope.model.candidate import Candidate
from layerscope.model.image import Compression, Image
from layerscope.model.progress import Progress, no_progress
from layerscope.model.span import FileSpan
from layerscope.sources.engine.reference import PODMAN, EngineReference, parse_reference
from layerscope.sources.image import choice
from layerscope.sources.image.archive import ArchiveFiles
from layerscope.sources.image.folder import FolderFiles
from layerscope.sources.image.origin import Origin
from layerscope.sources.image.recognize import archive_candidates, candidates_of, what_it_is
from layerscope.sources.stream.compression import detect_span
from layerscope.sources.stream.spool import Spool
from layerscope.sources.suggestion import image_option, layout_folder
from layerscope.text import short_name

if TYPE_CHECKING:
    from layerscope.sources.engine.lookup import EngineImage

STANDARD_INPUT = "-"
_CONTAINER = "container://"

_MOST_COMPRESSIONS = 3
"""Compressions of one archive that are undone, such as two of ``x.tar.gz.gz``."""

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
        candidate = choice.choose(self.candidates, image, platform, name=_title(self.reference))
        tag = None if image is None else choice.requested_tag(candidate, image)
        return replace(candidate.build(), requested_tag=tag)

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
    raise _not_found(reference)


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
        archive = FileSpan.of_file(str(Path(reference).absolute()), status)
    else:
        raise UnsupportedFormat(f"{name} is neither a file nor a folder")
    try:
        return _archive(archive, name, Origin.archive(reference), spool)
    except UnsupportedFormat as error:
        suggestion = layout_folder(Path(reference))
        if suggestion is None:
            raise
        raise UnsupportedFormat(f"{name} is part of an image layout: {suggestion}") from error


def _open_engine(reference: str, spool: Spool) -> Candidates | None:
    wanted = parse_reference(reference)
    if wanted is None:
        return None
    from layerscope.sources.engine.lookup import engine_image  # noqa: PLC0415  # sockets, which a file does not need

    try:
        with engine_image(wanted) as found:
            return _engine_candidates(found, wanted.name, reference, spool)
    except EngineUnavailable as error:
        candidates = _podman_candidates(wanted, reference, spool)
        if candidates is None:
            raise _no_engine_has(wanted, reference, error) from error
        return candidates
    except ImageNotFound as error:
        raise _no_engine_has(wanted, reference, error) from error


def _podman_candidates(wanted: EngineReference, reference: str, spool: Spool) -> Candidates | None:
    """Export an image with podman's command, if the user named podman and its service does not answer."""
    from layerscope.sources.engine import podman_command  # noqa: PLC0415  # processes, which a file does not need
    from layerscope.sources.engine.exported import tags_named_first, with_id, with_tags  # noqa: PLC0415

    if wanted.engine != PODMAN or not podman_command.is_usable():
        return None
    details = podman_command.inspect(wanted.name)
    archive = podman_command.save(wanted.name, details.image_id, spool)
    candidates = _archive(archive, _title(reference), Origin.engine(reference, PODMAN), spool)
    tags = tags_named_first(details.tags or (), wanted.name)
    return tuple(with_tags(candidate, tags) for candidate in with_id(candidates, details.image_id))


def _engine_candidates(found: "EngineImage", name: str, reference: str, spool: Spool) -> Candidates:
    """Return an engine's image from its store, else exported: by its id, since a tag may move in between."""
    from layerscope.sources.engine.exported import with_id  # noqa: PLC0415
    from layerscope.sources.engine.stored import storage_of, stored_candidates  # noqa: PLC0415

    title, origin, info = _title(reference), Origin.engine(reference, found.client.engine), found.client.info()
    candidates = stored_candidates(found, info, origin)
    if not candidates:
        archive = spool.chunks(found.client.export(found.details.image_id), f"the image {title}", found.details.size)
        candidates = with_id(_archive(archive, title, origin, spool), found.details.image_id)
    described = partial(storage_of, found, info)
    return tuple(found.named(candidate, name, described) for candidate in candidates)


def _open_container(reference: str, spool: Spool) -> Candidates | None:
    if not reference.startswith(_CONTAINER):
        return None
    from layerscope.sources.engine.containers import engine_container  # noqa: PLC0415
    from layerscope.sources.engine.lookup import EngineImage  # noqa: PLC0415
    from layerscope.sources.engine.writable_layer import with_writable_layer  # noqa: PLC0415

    with engine_container(reference.removeprefix(_CONTAINER)) as found:
        try:
            image = EngineImage(found.client, found.client.image(found.image_id))
            candidates = _engine_candidates(image, found.container.image, reference, spool)
        except ImageNotFound:
            candidates = ()
        return (with_writable_layer(found, candidates, Origin.engine(reference, found.client.engine), spool),)


def _no_engine_has(wanted: EngineReference, reference: str, error: SourceError) -> SourceError:
    """Return the error for a name that no engine has: unless the user named an engine, it may have meant a file."""
    return error if wanted.engine else _not_found(reference, str(error))


_SOURCES: tuple[Callable[[str, Spool], Candidates | None], ...] = (
    _open_standard_input,
    _open_container,
    _open_folder,
    _open_file,
    _open_engine,
)
"""The sources, tried in this order; each returns None for a reference that it does not recognize."""


def _not_found(reference: str, engines: str = "") -> ImageNotFound:
    """Return the error for a name without a file or folder; ``engines`` is what they answered, if they were asked."""
    if not reference:
        return ImageNotFound("the name of the image is empty")
    missing = f"no file or folder is named {_title(reference)}"
    suggestion = image_option(reference)
    if suggestion is not None:
        return ImageNotFound(f"{missing}: {suggestion}")
    return ImageNotFound(f"{missing}, and {engines}" if engines else missing)


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
