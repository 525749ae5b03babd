"""The layers of images that an engine exports, each as soon as its bytes have come.

A blob is a layer if the digest of its decompressed bytes is a diff_id of an image: so neither names nor order matter,
and a stream with other bytes never makes a wrong tree.
"""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from queue import SimpleQueue

from msgspec import Struct
from msgspec.structs import replace

from layerscope.errors import DigestMismatch, FormatError, LayerscopeError, ReadingStopped
from layerscope.model.documents import Digest
from layerscope.model.image import FileSpan, Image, Layer
from layerscope.model.progress import ExportProgress
from layerscope.session.image_session import ImageSession
from layerscope.session.reading.background import ImageReceived, LayerReader, ReadingFailed, ReceiveEvent
from layerscope.sources.engine.container.writable_layer import AwaitedContainer
from layerscope.sources.engine.export import AwaitedImage, BlobArrived, Export
from layerscope.sources.stream.compression import DecompressedSpan, detect_span
from layerscope.work import IsStopped

_CHUNK = 1024 * 1024
_HASHING_THREADS = 2


class LayerArrived(Struct, frozen=True):
    """All bytes of a layer have come, and have its diff_id.

    The number of the layer is not known here: images may share it, and hold it several times.
    """

    layer: Layer


class ImagesReceived(Struct, frozen=True):
    """The export has ended: the images as it holds them, in the order of the request."""

    images: list[Image]


ReceptionEvent = ExportProgress | LayerArrived | ImagesReceived


class Reception:
    """The export of images of one engine: their layers are hashed while it streams."""

    def __init__(
        self, awaited: Sequence[AwaitedImage | AwaitedContainer], images: Sequence[Image], is_stopped: IsStopped
    ) -> None:
        self._awaited = awaited
        self._images = images
        self._is_stopped = is_stopped
        exported = [each.to_export for each in awaited if each.to_export is not None]
        self._export = Export(exported) if exported else None
        self._wanted = {layer.diff_id for image in images for layer in image.layers if layer.diff_id is not None}
        self._arrived: set[Digest | None] = set()
        self._events = SimpleQueue[ReceptionEvent | Future[None]]()
        self._has_ended = False

    def events(self) -> Iterator[ReceptionEvent]:
        """Yield what happens, and the images at the end; any thread may iterate.

        Raises SourceError where the engine does not send them whole, DigestMismatch where it sends other bytes, and
        ReadingStopped once it has been cancelled.
        """
        pool = ThreadPoolExecutor(1 + _HASHING_THREADS)
        # the last event: it has the error that ended the stream
        pool.submit(self._receive, pool).add_done_callback(self._events.put)
        try:
            while not isinstance(event := self._events.get(), Future):
                yield event
                if isinstance(event, ImagesReceived):
                    return
            if self._is_stopped():
                raise ReadingStopped("the export was cancelled")
            event.result()
        finally:
            self._has_ended = True
            self.cancel()
            pool.shutdown(cancel_futures=True)

    def cancel(self) -> None:
        """End `events` in another thread, even while the engine is silent; ``is_stopped`` must be true by then."""
        if self._export is not None:
            self._export.cancel()
        for awaited in self._awaited:
            if isinstance(awaited, AwaitedContainer):
                awaited.cancel()

    def _receive(self, pool: ThreadPoolExecutor) -> None:
        """Report the stream, and what it comes to: a layer that is hashed must not wait for the next bytes."""
        archive, jobs = None, list[Future[None]]()
        for event in self._export.receive() if self._export is not None else ():
            if self._is_over():
                raise ReadingStopped("the export was cancelled")
            if isinstance(event, BlobArrived):
                jobs.append(pool.submit(self._report_layer, event.blob))
            elif isinstance(event, ExportProgress):
                self._events.put(event)
            else:
                archive = event.archive
        for job in jobs:
            job.result()
        images = zip(self._awaited, self._images, strict=True)
        self._events.put(ImagesReceived([self._whole(*image, archive) for image in images]))

    def _report_layer(self, blob: FileSpan) -> None:
        arrived = self._examine(blob)
        if arrived is not None:
            self._arrived.add(arrived.layer.diff_id)
            self._events.put(arrived)

    def _is_over(self) -> bool:
        return self._has_ended or self._is_stopped()

    def _examine(self, blob: FileSpan) -> LayerArrived | None:
        """Return the layer whose bytes these are, numbered 1, or None if they are none's."""
        compression = detect_span(blob)
        digest = hashlib.sha256()
        try:
            with closing(DecompressedSpan(blob, compression)) as stream:
                while chunk := stream.read1(_CHUNK):
                    if self._is_over():
                        return None
                    digest.update(chunk)
        except FormatError:
            return None
        diff_id = Digest("sha256", digest.hexdigest())
        if diff_id not in self._wanted:
            return None
        return LayerArrived(Layer(1, blob, compression, diff_id=diff_id, verified=True))

    def _whole(self, awaited: AwaitedImage | AwaitedContainer, image: Image, archive: FileSpan | None) -> Image:
        """Return an image with all that the engine says of it, a container with its writable layer."""
        below = image.container_image or image
        if awaited.to_export is not None and archive is not None:
            below = self._exported(awaited.to_export, below, archive)
        return awaited.completed(below) if isinstance(awaited, AwaitedContainer) else below

    def _exported(self, awaited: AwaitedImage, image: Image, archive: FileSpan) -> Image:
        """Return an image with all that the export says of it; raises DigestMismatch where its layers are others."""
        diff_ids = [layer.diff_id for layer in image.layers]
        for candidate in awaited.open(archive):
            if candidate.set_aside is None:
                whole = candidate.build()
                if [layer.diff_id for layer in whole.layers] == diff_ids:
                    return self._checked(whole)
        raise DigestMismatch(f"the engine exported another image than {awaited.title}")

    def _checked(self, image: Image) -> Image:
        for layer in image.layers:
            if layer.blob is not None and layer.diff_id not in self._arrived:
                raise DigestMismatch(f"the engine sent other bytes for layer {layer.number} than its diff_id says")
        layers = tuple(replace(layer, verified=layer.blob is not None) for layer in image.layers)
        return replace(image, layers=layers)


def receive(session: ImageSession, reader: LayerReader) -> Iterator[ReceiveEvent]:
    """Yield what happens while the engine exports the image, and hand each layer that has come to the reader.

    A failure is also the reader's. Any thread may iterate; `ImageSession.stop_reading` ends it.
    """
    try:
        yield from (
            _fetched(session, reader) if session.awaited is None else _from_engine(session, session.awaited, reader)
        )
        yield ImageReceived(session.image)
    except ReadingStopped:
        return
    except LayerscopeError as error:
        reader.failure = str(error)
        yield ReadingFailed(reader.failure)


def _fetched(session: ImageSession, reader: LayerReader) -> Iterator[ReceiveEvent]:
    for event in session.layers.fetch_unread():
        if isinstance(event, Layer):
            reader.take(event)
        else:
            yield event


def _from_engine(
    session: ImageSession, awaited: AwaitedImage | AwaitedContainer, reader: LayerReader
) -> Iterator[ReceiveEvent]:
    reception = Reception([awaited], [session.image], session.layers.is_stopped)
    session.when_stopped(reception.cancel)
    for event in reception.events():
        if isinstance(event, LayerArrived):
            for layer in session.image.layers:
                if layer.diff_id == event.layer.diff_id:
                    reader.take(replace(event.layer, number=layer.number))
        elif isinstance(event, ExportProgress):
            yield event
        else:
            session.take_image(event.images[0])
            if session.image.container is not None:
                reader.take(session.image.layers[-1])
