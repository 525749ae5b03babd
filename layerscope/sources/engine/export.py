"""Images that an engine exports: their blobs are known one by one, while the export streams.

Docker sends blobs sorted by digest, then ``index.json`` and ``manifest.json``; podman sends layers, config, manifest.
Neither order matters here.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, partial
from io import FileIO

from msgspec import Struct

from layerscope.model.candidate import Candidate
from layerscope.model.entries import Kind
from layerscope.model.image import Image
from layerscope.model.progress import ExportProgress, Progress
from layerscope.model.span import FileSpan
from layerscope.sources.engine.client import EngineClient
from layerscope.sources.engine.described import described_image
from layerscope.sources.engine.exported import with_id, with_verified_layers
from layerscope.sources.engine.lookup import EngineImage
from layerscope.sources.engine.replies import EngineInfo
from layerscope.sources.engine.stored import storage_of
from layerscope.sources.image.archive_file import open_archive
from layerscope.sources.image.archive_walk import walk_archive
from layerscope.sources.image.choice import for_platform, platform_parts
from layerscope.sources.image.origin import Origin
from layerscope.sources.request import Request
from layerscope.sources.stream.spool import Spool, write_all

_PROGRESS_STEP = 1024 * 1024
"""Bytes between two reports: chunks are as small as 32 kB."""


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
        """This image."""
        return self

    @cached_property
    def _described(self) -> Image | None:
        return described_image(self._found, self._info, self._origin)

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
        return self._named(candidates if self.platform else with_id(candidates, self.image_id))

    def _named(self, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
        described = partial(storage_of, self._found, self._info)
        return tuple(self._found.named(candidate, self._name, described) for candidate in candidates)


class Export:
    """The export of images of one engine in one call: layers that they share come once."""

    def __init__(self, images: Sequence[AwaitedImage]) -> None:
        self._images = list({image.image_id: image for image in images}.values())
        self._client = EngineClient(images[0].endpoint)

    def receive(self) -> Iterator[ExportEvent]:
        """Yield what happens while the export is written to a temporary file.

        Before the first byte the engine may prepare the export for minutes. Raises SourceError.
        """
        names = " and ".join(f"the image {image.title}" for image in self._images)
        sizes = [image.size for image in self._images]
        total = None if None in sizes else sum(size for size in sizes if size is not None)
        with self._client as client, self._images[0].spool.new_file(names) as file:
            yield ExportProgress(0, total)
            platform = self._images[0].platform if len(self._images) == 1 else None
            chunks = client.export([image.image_id for image in self._images], names, platform)
            yield from _written(chunks, file, total)
            size = file.tell()
        yield ExportEnded(FileSpan(str(file.name), 0, size, size))

    def cancel(self) -> None:
        """End `receive` in another thread: it raises SourceError there."""
        self._client.cancel()


def export_now(image: AwaitedImage, progress: Progress | None = None) -> tuple[Candidate, ...]:
    """Export one image at once, and open it, its layers hashed; raises SourceError and FormatError."""
    candidates: tuple[Candidate, ...] = ()
    for event in Export([image]).receive():
        if isinstance(event, ExportProgress):
            (progress or image.spool.progress)(event.done, event.total)
        elif isinstance(event, ExportEnded):
            candidates = tuple(map(with_verified_layers, image.open(event.archive)))
    return candidates


def _written(chunks: Iterable[bytes], file: FileIO, total: int | None) -> Iterator[ExportEvent]:
    """Write the chunks of a tar, and yield each of its files once it is complete."""
    done, reported, listed, next_end = 0, 0, 0, 0
    for chunk in chunks:
        write_all(file, chunk)
        done += len(chunk)
        if done >= next_end:
            blobs, next_end = _arrived(FileSpan(str(file.name), 0, done, done))
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
