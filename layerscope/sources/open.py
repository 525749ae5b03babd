"""The reference that a user types, opened by the first source in an ordered list that recognizes it."""

import os
import re
import stat
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias
from weakref import WeakSet

from msgspec.structs import replace

from layerscope.errors import (
    EngineUnavailable,
    FormatError,
    ImageNotFound,
    LayerscopeError,
    MissingBlob,
    SourceError,
    UnsupportedFormat,
    os_reason,
)
from layerscope.model.candidate import Candidate
from layerscope.model.engine import Engine
from layerscope.model.image import FileSpan, Image
from layerscope.model.progress import Progress, no_progress
from layerscope.sources.image import choice
from layerscope.sources.image.archive_file import open_archive
from layerscope.sources.image.builder import Origin
from layerscope.sources.image.documents import FolderFiles
from layerscope.sources.image.recognize import candidates_of
from layerscope.sources.request import (
    REGISTRY,
    STANDARD_INPUT,
    KnownImages,
    Request,
    parse_container,
    parse_reference,
    parse_transport,
)
from layerscope.sources.stream.spool import Spool
from layerscope.text import short_name

if TYPE_CHECKING:
    from layerscope.sources.engine.container.writable_layer import AwaitedContainer
    from layerscope.sources.engine.export import AwaitedImage

    Awaited: TypeAlias = AwaitedImage | AwaitedContainer

_IMAGE_SEPARATOR = re.compile(r"[:@]")
_ARCHIVE_EXTENSIONS = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.xz", ".zip")
_STREAMS_READ = WeakSet[BinaryIO]()
"""Standard input, once an archive was read from it."""

Candidates = tuple[Candidate, ...]


class OpenedSource(AbstractContextManager["OpenedSource"]):
    """The images behind a reference; closing it removes the temporary files."""

    def __init__(self, request: Request, opened: "Candidates | Awaited", stack: ExitStack) -> None:
        self.request = request
        self.awaited = None if isinstance(opened, tuple) else opened
        """An image or a container that its engine has still to send; ``candidates`` are what is known until then."""
        self.candidates = opened if isinstance(opened, tuple) else opened.candidates
        self._stack = stack

    @property
    def choices(self) -> Candidates:
        """The candidates that a user may choose from, without attestations and other artifacts."""
        return choice.choices(self.candidates)

    def choose(self, image: str | None = None, platform: str | None = None, *, salvages: bool = False) -> Image:
        """Return the requested image; raises as `choice.choose` does, and FormatError if the image is broken.

        If it ``salvages``, it returns what is left of a broken image.
        """
        candidate = choice.choose(self.candidates, image, platform, name=self.request.title)
        tag = None if image is None else choice.requested_tag(candidate, image)
        try:
            chosen = self._built(candidate)
        except FormatError:
            if not salvages or candidate.salvage is None:
                raise
            chosen = candidate.salvage()
        return replace(chosen, requested_tag=tag)

    def _built(self, candidate: Candidate) -> Image:
        try:
            return candidate.build()
        except MissingBlob as error:
            # an engine that has pulled one platform of several lists all of them in an archive
            which = f" for {candidate.platform}" if candidate.platform else ""
            raise MissingBlob(f"{self.request.title} lists an image{which}, but does not hold it: {error}") from error

    def close(self) -> None:
        """Remove the temporary files; their layers can no longer be read."""
        self._stack.close()

    def __exit__(self, *_exit: object) -> None:
        self.close()


def open_source(
    reference: str,
    *,
    engine: Engine | None = None,
    platform: str | None = None,
    known: KnownImages | None = None,
    progress: Progress | None = None,
) -> OpenedSource:
    """Return the images behind a reference: a folder, an archive, ``-`` for standard input, an engine's image.

    With ``engine``, the reference names an image or a container there. ``platform`` is what an engine is asked for that
    has several. ``known`` images are neither exported nor decompressed before their content is needed. ``progress`` is
    called while bytes are copied or decompressed. Raises SourceError and FormatError, and UsageError where ``engine``
    contradicts the reference.
    """
    request = Request(reference, engine, platform, known)
    with ExitStack() as unless_opened:
        # the spool may get more files while the source is open
        stack = unless_opened.enter_context(ExitStack())
        spool = Spool(stack, progress or no_progress)
        for source in _ENGINE_SOURCES if request.engine else _SOURCES:
            candidates = source(request, spool)
            if candidates is not None:
                unless_opened.pop_all()
                return OpenedSource(request, candidates, stack)
    raise _not_found(request)


def _open_standard_input(request: Request, spool: Spool) -> Candidates | None:
    if request.reference != STANDARD_INPUT:
        return None
    if sys.stdin is None:
        raise SourceError("standard input is closed")
    if sys.stdin.isatty():
        raise SourceError(
            "standard input is a terminal: pipe an archive into it, as in docker save my-app | layerscope -"
        )
    if sys.stdin.buffer in _STREAMS_READ:
        raise SourceError("standard input can be read only once, and two images are to come from it")
    _STREAMS_READ.add(sys.stdin.buffer)
    archive = spool.stream(sys.stdin.buffer, request.title)
    return open_archive(archive, request.title, Origin.archive(request.reference), spool)


def _open_folder(request: Request, _spool: Spool) -> Candidates | None:
    status = _status(request)
    if status is None or not stat.S_ISDIR(status.st_mode):
        return None
    reference = request.reference
    try:
        return candidates_of(FolderFiles(Path(reference)), Origin.folder(reference))
    except UnsupportedFormat as error:
        if parse_reference(reference) is None:
            raise
        raise UnsupportedFormat(f"{error} (for an engine's image of that name, write docker://{reference})") from error


def _open_file(request: Request, spool: Spool) -> Candidates | None:
    status, name, path = _status(request), request.title, Path(request.reference)
    if status is None:
        return None
    if stat.S_ISFIFO(status.st_mode):
        archive = _read_pipe(path, name, spool)
    elif stat.S_ISREG(status.st_mode):
        archive = FileSpan.of_file(str(path.absolute()), status)
    else:
        raise UnsupportedFormat(f"{name} is neither a file nor a folder")
    try:
        return open_archive(archive, name, Origin.archive(request.reference), spool, request.known)
    except UnsupportedFormat as error:
        suggestion = _layout_folder(path)
        if suggestion is None:
            raise
        raise UnsupportedFormat(f"{name} is part of an image layout: {suggestion}") from error


def _open_transport(request: Request, spool: Spool) -> Candidates | None:
    transport = parse_transport(request.reference)
    if transport is None:
        return None
    within = replace(request, reference=transport.path)
    candidates = _open_folder(within, spool) or _open_file(within, spool)
    if candidates is None:
        raise _not_found(within)
    return transport.select(candidates)


def _open_in_registry(request: Request, spool: Spool) -> Candidates | None:
    if not request.reference.startswith(REGISTRY):
        return None
    # 100 ms: urllib3, which no other source needs
    from layerscope.sources.registry.source import open_image  # noqa: PLC0415

    return open_image(request, spool)


def _open_in_engine(request: Request, spool: Spool) -> "Candidates | Awaited | None":
    container = parse_container(request.reference, request.engine)
    wanted = parse_reference(request.reference, request.engine)
    if container is None and wanted is None:
        return None
    # 10 ms: sockets, which a file does not need
    from layerscope.sources.engine.source import open_container, open_image  # noqa: PLC0415

    if container is not None:
        return open_container(container, request, spool)
    try:
        return None if wanted is None else open_image(wanted, request, spool)
    except (EngineUnavailable, ImageNotFound) as error:
        # unless the user named an engine, the name may have been that of a file
        raise (error if wanted and wanted.engine else _not_found(request, str(error))) from error


_Source = Callable[[Request, Spool], "Candidates | Awaited | None"]

_ENGINE_SOURCES: tuple[_Source, ...] = (_open_in_engine,)
_SOURCES: tuple[_Source, ...] = (
    _open_standard_input,
    _open_folder,
    _open_file,
    _open_transport,
    _open_in_registry,
    *_ENGINE_SOURCES,
)
"""The sources, tried in this order; each returns None for a reference that it does not recognize."""


def _not_found(request: Request, engines: str = "") -> ImageNotFound:
    """Return the error for a name without a file or folder; ``engines`` is what they answered, if they were asked."""
    if not request.reference:
        return ImageNotFound("the name of the image is empty")
    if request.engine or "://" in request.reference:
        return ImageNotFound(f"{request.title} is not the name of an image")
    missing = f"no file or folder is named {request.title}"
    suggestion = _image_option(request.reference)
    if suggestion is not None:
        return ImageNotFound(f"{missing}: {suggestion}")
    if engines:
        missing += f", and {engines}"
        if not request.reference.endswith(_ARCHIVE_EXTENSIONS):
            missing += f"; layerscope {REGISTRY}{request.title} reads it from its registry"
    return ImageNotFound(missing)


def _status(request: Request) -> os.stat_result | None:
    """Return the status of the file or folder with that name, or None."""
    try:
        return Path(request.reference).stat() if request.reference else None
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    except OSError as error:
        raise SourceError(f"cannot read {request.title}: {os_reason(error)}") from error


def _read_pipe(path: Path, name: str, spool: Spool) -> FileSpan:
    try:
        with path.open("rb") as file:
            return spool.stream(file, name)
    except OSError as error:
        raise SourceError(f"cannot read {name}: {os_reason(error)}") from error


def _image_option(reference: str) -> str | None:
    """Return a suggestion for ``testrepo:v1`` if ``testrepo`` is a file or folder, else None."""
    for separator in _IMAGE_SEPARATOR.finditer(reference):
        path, image = reference[: separator.start()], reference[separator.end() :]
        with suppress(OSError, ValueError):
            if path and image and Path(path).exists():
                return f"open {short_name(path)} with --image {short_name(image)}"
    return None


def _layout_folder(path: Path) -> str | None:
    """Return a suggestion for a file of an image layout (``index.json``, a blob), else None."""
    for folder in (path.parent, path.parent.parent.parent):
        with suppress(LayerscopeError, OSError):
            if candidates_of(FolderFiles(folder), Origin.folder(str(folder))):
                return f"open the folder {short_name(str(folder))}"
    return None
