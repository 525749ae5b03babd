"""The images in an archive file, which may be compressed as a whole."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from msgspec.structs import replace

from layerscope.errors import FormatError, SourceError, UnsupportedFormat, os_reason
from layerscope.model.candidate import Candidate
from layerscope.model.image import Compression, FileSpan, Image, Layer
from layerscope.model.progress import Progress
from layerscope.sources.image.archive import ArchiveFiles
from layerscope.sources.image.builder import Origin
from layerscope.sources.image.choice import choices
from layerscope.sources.image.recognize import candidates_of, what_it_is
from layerscope.sources.request import KnownImages
from layerscope.sources.stream.compression import detect_span
from layerscope.sources.stream.spool import Spool

_MOST_COMPRESSIONS = 3
"""Compressions of one archive that are undone, such as two of ``x.tar.gz.gz``."""


def open_archive(
    archive: FileSpan, name: str, origin: Origin, spool: Spool, known: KnownImages | None = None
) -> tuple[Candidate, ...]:
    """Return the images in an archive, which messages call ``name``; raises SourceError and FormatError.

    A compressed archive whose images are ``known`` is decompressed once their content is needed.
    """
    try:
        if known is not None and (candidates := _known_candidates(archive, name, origin, spool, known)):
            return candidates
        plain, error = _decompressed(archive, name, spool, spool.progress)
        files = ArchiveFiles(plain, name, error)
    except OSError as failure:
        raise SourceError(f"cannot read {name}: {os_reason(failure)}") from failure
    if not files.is_tar:
        raise UnsupportedFormat(error or what_it_is(plain, name))
    return candidates_of(files, origin)


def _decompressed(archive: FileSpan, name: str, spool: Spool, progress: Progress) -> tuple[FileSpan, str | None]:
    """Return the plain archive, also of one that was compressed twice, and the error that ended it early."""
    for _ in range(_MOST_COMPRESSIONS):
        compression = detect_span(archive)
        if compression is Compression.NONE:
            return archive, None
        archive, error = spool.decompressed(archive, compression, name, progress)
        if error is not None:
            return archive, error
    if detect_span(archive) is not Compression.NONE:
        raise UnsupportedFormat(f"{name} is compressed more than {_MOST_COMPRESSIONS} times")
    return archive, None


def _known_candidates(
    archive: FileSpan, name: str, origin: Origin, spool: Spool, known: KnownImages
) -> tuple[Candidate, ...]:
    """Return the images in a compressed archive, if all that a user may choose are known."""
    outline = None if detect_span(archive) is Compression.NONE else known.outline(archive)
    if outline is None:
        return ()
    files = ArchiveFiles(replace(spool.file(outline.write, name), packed=archive), name)
    packed = _PackedArchive(archive, name, spool)
    candidates = candidates_of(files, origin)
    complete = [candidate for candidate in choices(candidates) if candidate.complete]
    if not complete or not all(_is_known(candidate, known) for candidate in complete):
        return ()
    return tuple(replace(candidate, build=partial(packed.build, candidate, known)) for candidate in candidates)


def _is_known(candidate: Candidate, known: KnownImages) -> bool:
    try:
        return known.has_layers(candidate.build().layers)
    except FormatError:
        return False


class _PackedArchive:
    """A compressed archive, which is decompressed when the content of a layer is needed."""

    def __init__(self, archive: FileSpan, name: str, spool: Spool) -> None:
        self._archive = archive
        self._name = name
        self._spool = spool
        self._plain: FileSpan | None = None

    def build(self, candidate: Candidate, known: KnownImages) -> Image:
        """Return an image of the outline, without the content of its layers if they are known."""
        image = candidate.build()
        if not known.has_layers(image.layers):
            return self._with_content(image, self._spool.progress)
        layers = [replace(layer, blob=None, packed_blob=layer.blob) for layer in image.layers]
        return replace(image, layers=tuple(layers), fetch=partial(self._fetch, image))

    def _fetch(
        self, image: Image, _layers: Sequence[Layer], check: Callable[[], None], _take: object
    ) -> Iterator[Layer]:
        yield from self._with_content(image, lambda _done, _total: check()).layers

    def _with_content(self, image: Image, progress: Progress) -> Image:
        """Return an image of the outline with the content of its layers; raises as `open_archive` does."""
        if self._plain is None:
            self._plain, error = _decompressed(self._archive, self._name, self._spool, progress)
            if error is not None:
                raise SourceError(error)
        path = self._plain.path
        layers = [replace(layer, blob=layer.blob and replace(layer.blob, path=path)) for layer in image.layers]
        return replace(image, layers=tuple(layers))
