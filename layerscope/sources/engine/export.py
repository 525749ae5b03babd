"""Images that an engine exports: their blobs are known one by one, while the export streams.

Docker sends blobs sorted by digest, then ``index.json`` and ``manifest.json``; podman sends layers, config, manifest.
Neither order matters here.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial

from msgspec import Struct
from msgspec.structs import replace

from layerscope.errors import DigestMismatch
from layerscope.model.candidate import Candidate
from layerscope.model.documents import Digest, HistoryEntry, ImageConfig, RootFS
from layerscope.model.entries import Kind
from layerscope.model.image import FileSpan, Image, Layer, known_sum
from layerscope.model.progress import ExportProgress
from layerscope.sources.engine.answering import client_of
from layerscope.sources.engine.lookup import EngineImage
from layerscope.sources.engine.replies import EngineHistoryLine, EngineInfo, layer_makers
from layerscope.sources.engine.stored import storage_of
from layerscope.sources.image.archive import walk_archive
from layerscope.sources.image.archive_file import open_archive
from layerscope.sources.image.builder import Origin, pair_history
from layerscope.sources.image.choice import for_platform, platform_parts
from layerscope.sources.layer.verification import with_verification
from layerscope.sources.request import Request
from layerscope.sources.stream.spool import Spool, SpoolFile, write_all
from layerscope.text import short_name

_PROGRESS_STEP = 1024 * 1024
"""Bytes between two reports: chunks are as small as 32 kB."""

_TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


class BlobArrived(Struct, frozen=True):
    """A file of the export is complete: a layer, or a document."""

    blob: FileSpan


class ExportEnded(Struct, frozen=True):
    """The whole export has come, and is in this file."""

    archive: FileSpan


ExportEvent = ExportProgress | BlobArrived | ExportEnded


class AwaitedImage:
    """An image that its engine has still to export, and what the engine says of it until then."""

    def __init__(self, found: EngineImage, info: EngineInfo, name: str, request: Request, spool: Spool) -> None:
        can_choose = info.uses_containerd and found.client.exports_platforms
        self.platform = platform_parts(request.platform) if request.platform and can_choose else None
        """The platform to export alone, if the engine has several and can do so; else the export has them all."""
        self.endpoint = found.client.endpoint
        self.image_id = found.details.image_id
        # with containerd, the size is that of unpacked files and blobs together
        self.size = None if info.uses_containerd else found.details.size
        self.spool = spool
        self._name = name
        self._found = found
        self._info = info
        self.title = request.title
        self._origin = Origin.engine(request.reference, found.client.engine)

    @property
    def to_export(self) -> "AwaitedImage":
        return self

    @cached_property
    def _described(self) -> Image | None:
        return _described_image(self._found, self._info, self._origin)

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The image as the engine describes it, with layers that cannot be read yet; empty if that is not enough."""
        image = self._described
        if image is None:
            return ()
        return self._named((Candidate(lambda: image, platform=image.platform, config_digest=image.config_digest),))

    @property
    def has_no_layers(self) -> bool:
        """True if there is nothing to export, which a graph driver would refuse."""
        return self._described is not None and not self._described.layers

    def fits(self, platform: str | None) -> bool:
        """Return True if the engine describes the image, and the one for the platform, if one is given."""
        return bool(for_platform(self.candidates, platform) if platform else self.candidates)

    def open(self, archive: FileSpan) -> tuple[Candidate, ...]:
        """Return the image as the export holds it; raises FormatError, and DigestMismatch for another image."""
        candidates = open_archive(archive, self.title, self._origin, self.spool)
        # the id is that of an index, which the export of one platform need not hold
        return self._named(candidates if self.platform else _with_id(candidates, self.image_id))

    def _named(self, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
        described = partial(storage_of, self._found, self._info)
        return tuple(self._found.named(candidate, self._name, described) for candidate in candidates)


class Export:
    """The export of images of one engine in one call: layers that they share come once."""

    def __init__(self, images: Sequence[AwaitedImage]) -> None:
        self._images = list({image.image_id: image for image in images}.values())
        self._client = client_of(images[0].endpoint)

    def receive(self) -> Iterator[ExportEvent]:
        """Yield what happens while the export is written to a temporary file.

        Before the first byte the engine may prepare the export for minutes. Raises SourceError.
        """
        names = " and ".join(f"the image {image.title}" for image in self._images)
        total = known_sum(image.size for image in self._images)
        with self._client as client, self._images[0].spool.new_file(names) as file:
            yield ExportProgress(0, total)
            platform = self._images[0].platform if len(self._images) == 1 else None
            chunks = client.export([image.image_id for image in self._images], names, platform)
            yield from _written(chunks, file, total)
            archive = file.span
        yield ExportEnded(archive)

    def cancel(self) -> None:
        """End `receive` in another thread: it raises SourceError there."""
        self._client.cancel()


def export_now(image: AwaitedImage) -> tuple[Candidate, ...]:
    """Export one image at once, and open it, its layers hashed; raises SourceError and FormatError."""
    candidates: tuple[Candidate, ...] = ()
    for event in exported(image):
        if isinstance(event, ExportProgress):
            image.spool.progress(event.done, event.total)
        else:
            candidates = event
    return candidates


def exported(image: AwaitedImage) -> Iterator[ExportProgress | tuple[Candidate, ...]]:
    """Export one image, and yield progress, then the image as the export holds it; raises as `export_now` does."""
    for event in Export([image]).receive():
        if isinstance(event, ExportProgress):
            yield event
        elif isinstance(event, ExportEnded):
            # its layers are hashed when an image is built, to know which have their diff_id
            yield tuple(replace(each, build=partial(_verified, each)) for each in image.open(event.archive))


def _written(chunks: Iterable[bytes], file: SpoolFile, total: int | None) -> Iterator[ExportEvent]:
    """Write the chunks of a tar, and yield each of its files once it is complete."""
    done, reported, listed, next_end = 0, 0, 0, 0
    for chunk in chunks:
        write_all(file, chunk)
        done += len(chunk)
        if done >= next_end:
            blobs, next_end = _arrived(file.span)
            yield from map(BlobArrived, blobs[listed:])
            listed = len(blobs)
        if done - reported >= _PROGRESS_STEP or not reported:
            reported = done
            yield ExportProgress(done, None if total is None else max(total, done))


def _arrived(archive: FileSpan) -> tuple[list[FileSpan], int]:
    """Return the files of a tar that has come in part, and the offset at which the next one will be complete."""
    files = [member.span for member in walk_archive(archive).members if member.kind is Kind.FILE]
    if files and files[-1].truncated:
        return files[:-1], files[-1].offset + files[-1].stated_size
    return files, 0


def _described_image(found: EngineImage, info: EngineInfo, origin: Origin) -> Image | None:
    """Return an image whose layers are still to come, None where the engine does not say which it has.

    Podman says which lines of the history made a layer; for Docker that is solved as `layer_makers` does.
    """
    details = found.details
    try:
        diff_ids = [Digest.parse(diff_id) for diff_id in details.diff_ids]
        # with containerd, the id is that of an index
        config_digest = None if info.uses_containerd else details.digest
    except ValueError:
        return None
    if not details.root.kind:
        return None
    entries = details.podman_history
    if entries is None:
        entries = _entries(found.client.history(details.image_id)[::-1], len(diff_ids))
    layers = tuple(Layer(number, None, None, diff_id=diff_id) for number, diff_id in enumerate(diff_ids, 1))
    config = ImageConfig(
        details.architecture,
        details.os,
        details.variant or None,
        details.created,
        details.author,
        details.config,
        RootFS(diff_ids=diff_ids),
        entries,
    )
    steps, _ = pair_history(config, len(layers))
    return Image(origin.reference, origin.docker, config, layers, steps, config_digest=config_digest)


def _entries(lines: Sequence[EngineHistoryLine], layers: int) -> list[HistoryEntry]:
    """Return the lines of the history, base first, those marked that made a layer."""
    made = layer_makers(lines, layers)
    return [
        HistoryEntry(
            time.strftime(_TIME_FORMAT, time.gmtime(line.created)) if line.created > 0 else None,
            line.created_by or None,
            comment=line.comment or None,
            empty_layer=number not in made,
        )
        for number, line in enumerate(lines)
    ]


def _with_id(candidates: Sequence[Candidate], image_id: str) -> tuple[Candidate, ...]:
    """Return the images of an export that have the requested id; raises DigestMismatch if none has.

    An id is the digest of the config or, in containerd's store, of the manifest or index.
    """
    encoded = image_id.removeprefix("sha256:")
    matching = tuple(candidate for candidate in candidates if encoded in _encoded_digests(candidate))
    if not matching:
        raise DigestMismatch(f"the engine exported another image than {short_name(image_id)}")
    return matching


def _verified(candidate: Candidate) -> Image:
    image = candidate.build()
    with ThreadPoolExecutor() as pool:
        layers = pool.map(with_verification, image.layers)
        return replace(image, layers=tuple(layers))


def _encoded_digests(candidate: Candidate) -> set[str]:
    digests = (candidate.config_digest, candidate.digest, *candidate.indexes)
    return {digest.encoded for digest in digests if digest is not None}
