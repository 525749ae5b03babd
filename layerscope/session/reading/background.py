"""Reading the layers of an image in another process, and the events that report its progress."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import IO, TYPE_CHECKING, Protocol

from msgspec import Struct
from msgspec.structs import replace

import layerscope
from layerscope.analysis.tree.tally import Tallies
from layerscope.errors import LayerscopeError
from layerscope.model.image import Image, Layer
from layerscope.model.progress import ExportProgress
from layerscope.session.image_session import ImageSession
from layerscope.session.reading.wire import (
    Arrival,
    Message,
    Preference,
    ProgressHead,
    ReadOrder,
    TableHead,
    TreeHead,
    read_frame,
    table_from,
    tree_from,
    write_message,
)

if TYPE_CHECKING:
    from layerscope.analysis.tree.layered_tree import LayeredTree
    from layerscope.model.entries import EntryTable
    from layerscope.session.loaded_image import LoadedImage


class LayerProgress(Struct, frozen=True):
    """The number of stored bytes of a layer that have been read."""

    layer: int
    done: int


class LayerRead(Struct, frozen=True):
    """A layer has been read to its end."""

    layer: int


class LayersStacked(Struct, frozen=True):
    """The layers read so far as one tree. ``tallies`` has the layers below which all have been read."""

    tree: "LayeredTree"
    tallies: Tallies
    last: bool


class ReadingFailed(Struct, frozen=True):
    """The reader process ended before its work was done; ``reason`` is a sentence."""

    reason: str


class ImageReceived(Struct, frozen=True):
    """The engine has exported the image, and this is what the export says of it."""

    image: Image


ReceiveEvent = ExportProgress | ImageReceived | ReadingFailed
ReadEvent = LayerProgress | LayerRead | LayersStacked | ReadingFailed


class LayerReader(Protocol):
    """Hands over the layers of an image while the screen is used."""

    failure: str | None
    """The reason why the reading ended early, once `events` has reported it."""

    def prefer(self, layer: int) -> None:
        """Ask for a layer before the others; ignored if it has been read already."""

    def take(self, layer: Layer) -> None:
        """Read a layer that was awaited."""

    def events(self) -> Iterator[ReadEvent]:
        """Yield events until all layers are read or the reader is closed; it blocks, so call it from a thread."""

    def close(self) -> None:
        """End the reading."""


class KnownReader:
    """Hands over layers that the cache knows, from the frames that it has kept."""

    def __init__(self, frames: IO[bytes]) -> None:
        self._frames = frames
        self.failure: str | None = None

    def prefer(self, layer: int) -> None:
        """Do nothing: all layers come at once."""

    def take(self, layer: Layer) -> None:
        """Do nothing: no layer is awaited."""

    def events(self) -> Iterator[ReadEvent]:
        """Yield the layers, and all of them as one tree."""
        return _events_of(self._frames)

    def close(self) -> None:
        """Do nothing: the frames are in memory."""


class BackgroundReader:
    """A running reader process. It starts immediately, so that it works while the caller imports its screen."""

    def __init__(self, order: ReadOrder) -> None:
        self._process = subprocess.Popen(  # this interpreter, this package
            [sys.executable, "-P", "-m", "layerscope.session.reading.reader_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,
        )
        self._lock = Lock()
        self._is_closed = False
        self._has_listener = False
        self.failure: str | None = None
        """The reason why the process ended early, once `events` has reported it."""
        with suppress(BrokenPipeError):
            # a process that has died is reported by `events`
            write_message(self._input, order)

    @property
    def _input(self) -> IO[bytes]:
        assert self._process.stdin is not None  # noqa: S101  # it is a pipe
        return self._process.stdin

    @property
    def _answers(self) -> IO[bytes]:
        assert self._process.stdout is not None  # noqa: S101  # it is a pipe
        return self._process.stdout

    def prefer(self, layer: int) -> None:
        """Ask for a layer before the others; ignored if it has been read already."""
        self._send(Preference(layer))

    def take(self, layer: Layer) -> None:
        """Read a layer that was awaited."""
        self._send(Arrival(layer))

    def _send(self, message: Message) -> None:
        # a process that has died is reported by `events`, and a closed one needs no messages
        with suppress(BrokenPipeError, ValueError):
            write_message(self._input, message)

    def events(self) -> Iterator[ReadEvent]:
        """Yield events until all layers are read or the reader is closed; it blocks, so call it from a thread."""
        with self._lock:
            # the thread may start after the image has been left
            if self._is_closed:
                return
            self._has_listener = True
        with self._answers as answers:
            yield from self._events(answers)

    def _events(self, answers: IO[bytes]) -> Iterator[ReadEvent]:
        for event in _events_of(answers):
            yield event
            if isinstance(event, LayersStacked) and event.last:
                return
        status = self._process.wait()
        if not self._is_closed:
            cause = f"killed by signal {-status}" if status < 0 else f"status {status}"
            self.failure = f"the process that reads the layers ended early ({cause})"
            yield ReadingFailed(self.failure)

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
        self._process.kill()
        self._process.wait()
        with suppress(BrokenPipeError):
            # closing flushes a preference that the process did not read
            self._input.close()
        if not self._has_listener:
            self._answers.close()


def _events_of(frames: IO[bytes]) -> Iterator[ReadEvent]:
    tables: dict[int, EntryTable] = {}
    while (frame := read_frame(frames)) is not None:
        head, buffers = frame
        if isinstance(head, ProgressHead):
            yield LayerProgress(head.layer, head.done)
        elif isinstance(head, TableHead):
            tables[head.layer] = table_from(head, buffers)
            yield LayerRead(head.layer)
        elif isinstance(head, TreeHead):
            tree, tallies = tree_from(head, buffers, tables)
            yield LayersStacked(tree, tallies, head.last)


def _environment() -> dict[str, str]:
    """Return the environment with the directory of this package first in PYTHONPATH."""
    root = str(Path(layerscope.__file__).parent.parent)
    path = [root, os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else [root]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}


def read_in_background(session: ImageSession, first: int) -> LayerReader:
    """Start to read the layers in another process, layer ``first`` before the others, unless they are known."""
    known, awaited, cache = session.layers.known, session.awaited, session.cache
    frames = known.tree_frames()
    if frames is not None:
        return KnownReader(frames)
    unfetched = [layer.number for layer in session.layers.unfetched]
    order = ReadOrder(list(session.image.layers), first, known.cache_folder, session.image.reference, unfetched)
    if awaited is not None and awaited.to_export is not None:
        # a layer that comes is read only if it has its diff_id
        layers = [replace(layer, verified=True) for layer in order.layers]
        folder = None if cache is None else str(cache.folder)
        order = replace(order, layers=layers, cache=folder, awaited=[layer.number for layer in layers])
    elif awaited is not None:
        order = replace(order, awaited=[layer.number for layer in order.layers if layer.writable])
    return BackgroundReader(order)


class BackgroundLoader:
    """Reads the layers of a session's image, from the moment it is made."""

    def __init__(self, session: ImageSession) -> None:
        self._session = session
        self._reader = read_in_background(session, len(session.image.layers))

    def load(self, progress: Callable[[float], None]) -> "LoadedImage":
        """Wait for the last layer; ``progress`` is called with the fraction of the stored bytes that is done.

        Raises LayerscopeError if the reader ends early.
        """
        sizes = {layer.number: layer.blob_size or 0 for layer in self._session.image.layers}
        done, total = dict.fromkeys(sizes, 0), max(1, sum(sizes.values()))
        for event in self._reader.events():
            if isinstance(event, ReadingFailed):
                raise LayerscopeError(event.reason)
            if isinstance(event, LayersStacked):
                if event.last:
                    # 3 ms, not before the first screen
                    from layerscope.session.loaded_image import loaded_image  # noqa: PLC0415

                    return loaded_image(self._session.layers, event.tree, event.tallies)
                continue
            done[event.layer] = sizes[event.layer] if isinstance(event, LayerRead) else event.done
            progress(sum(done.values()) / total)
        raise LayerscopeError("reading the layers was stopped")

    def close(self) -> None:
        self._reader.close()
