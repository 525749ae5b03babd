"""Layers read in parts by several processes, and put together again."""

import time
from collections.abc import Iterator, Sequence
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING

from msgspec import Struct

from layerscope.model.entries import LayerEntries
from layerscope.model.image import Compression, Layer
from layerscope.model.progress import ReadSoFar
from layerscope.session.reading.forked import ForkedWork
from layerscope.session.reading.wire import read_entries, read_facts, send_entries, send_facts
from layerscope.sources.layer.reader import read_layer
from layerscope.sources.tar.blocks import TarPart
from layerscope.sources.tar.parts import JoinedParts, tar_parts
from layerscope.work import IsStopped

if TYPE_CHECKING:
    from layerscope.model.content_facts import ContentNeeds

_LEAST_DIVIDED = 64_000_000
"""The bytes of a plain layer that several processes walk."""

_PARTS_OF_WORKER = 4
"""The parts of a plain layer for each process: what has been read of the first is stacked while others are walked."""

_UNEVEN = 1.5
"""The size of the largest layer, as a multiple of what each process would read if the layers were of one size."""

ROWS = 16_384
"""Rows of a message: enough that a message costs little, and few enough that a worker holds little."""

_JOINED_AT_ONCE = 2
"""Messages that are joined when one comes: more than one, so that those that had to wait are caught up with."""

_SECONDS = 0.05
"""The time after which a worker reports its progress."""


class _LayerPart(Struct, frozen=True):
    """A layer to read, or a part of its tar."""

    layer: Layer
    part: TarPart | None = None
    needs: "ContentNeeds | None" = None


def _parts_of(layer: Layer, workers: int, needs: "ContentNeeds | None") -> Iterator[_LayerPart]:
    blob = layer.blob
    if blob is None or layer.compression is not Compression.NONE or blob.size < _LEAST_DIVIDED or layer.unpacked:
        yield _LayerPart(layer, needs=needs)
    else:
        yield from (_LayerPart(layer, part) for part in tar_parts(blob, workers * _PARTS_OF_WORKER))


def leaves_cores_idle(layers: Sequence[Layer], count: int) -> bool:
    """Return whether the largest layer is read long after the other processes have ended.

    Otherwise, a thread that decompresses ahead takes a core that another process needs.
    """
    sizes = [layer.blob_size or 0 for layer in layers]
    return max(sizes) * count > _UNEVEN * sum(sizes)


def read_in_processes(
    layers: Sequence[Layer], order: Iterator[Layer], count: int, needs: "ContentNeeds | None" = None
) -> Iterator[tuple[Layer, LayerEntries | ReadSoFar | None]]:
    """Read the layers in so many processes, in the order that is asked for a layer whenever a process is idle.

    Yield layers with their progress, and at last with their entries; None for a layer that has to be read in one piece,
    by this process.
    """
    parts = [part for layer in layers for part in _parts_of(layer, count, needs)]
    # hashing leaves the thread enough to do beside processes on every core
    ahead = needs is not None or leaves_cores_idle(layers, count)
    with ForkedWork(partial(_slices, ahead=ahead), parts, min(count, len(parts))) as work:
        if not work.is_started:
            yield from ((layer, None) for layer in order)
            return
        indexes: dict[int, list[int]] = {}
        for index, part in enumerate(parts):
            indexes.setdefault(part.layer.number, []).append(index)
        readings = {number: _LayerReading(range(of[0], of[-1] + 1)) for number, of in indexes.items()}
        ordered = (index for layer in order for index in readings[layer.number].indexes)
        # a plain part is soon read, and the user may ask for another layer meanwhile
        are_plain = all(layer.compression is Compression.NONE for layer in layers)
        for index, message in work.messages(ordered, ahead=count if are_plain else 0):
            layer = parts[index].layer
            if message is not None:
                yield layer, readings[layer.number].take(index, message)
            elif readings[layer.number].is_last(index):
                # nothing here may keep the parts while the caller stacks the layer
                yield layer, readings.pop(layer.number).entries()


def _slices(part: _LayerPart, is_stopped: IsStopped, *, ahead: bool) -> Iterator[tuple[bytes, int, bool]]:
    """Read a part, and yield it in messages: entries, the bytes done so far, and whether the part is joined."""
    entries, walked, sent = LayerEntries(), part.part or TarPart(), time.monotonic()
    for done in read_layer(part.layer, entries, is_stopped, walked, needs=part.needs, ahead=ahead):
        if len(entries.table) >= ROWS or time.monotonic() - sent >= _SECONDS:
            if is_stopped():
                return
            yield entries_message(entries.take()), done - walked.start, False
            sent = time.monotonic()
    yield entries_message(entries), 0, walked.is_joined


def entries_message(entries: LayerEntries) -> bytes:
    """Return the frames of entries and of their content."""
    frames = BytesIO()
    send_entries(frames, 0, entries)
    send_facts(frames, entries.content)
    return frames.getvalue()


def entries_in(message: bytes) -> LayerEntries:
    """Return the entries of a message, with what is known of their content."""
    frames = BytesIO(message)
    entries, content = read_entries(frames), read_facts(frames)
    assert entries is not None  # noqa: S101  # `entries_message` wrote both
    assert content is not None  # noqa: S101  # the same
    entries.content = content
    return entries


class _LayerReading:
    """The parts of a layer, which have these indexes, as far as they have been read."""

    def __init__(self, indexes: range) -> None:
        self.indexes = indexes
        self._parts = JoinedParts(len(indexes))
        self._done = [0] * len(indexes)
        self._are_joined = [False] * len(indexes)
        self._left = len(indexes)

    def take(self, index: int, message: tuple[bytes, int, bool]) -> ReadSoFar:
        """Take what a message has of a part."""
        part = index - self.indexes.start
        data, done, self._are_joined[part] = message
        self._parts.add(part, entries_in(data))
        # no more at once than keeps the workers from waiting
        self._parts.join(_JOINED_AT_ONCE)
        self._done[part] = max(done, self._done[part])
        return ReadSoFar(sum(self._done), self._parts.entries)

    def is_last(self, index: int) -> bool:
        """Note that a part has ended, and return whether it was the last one."""
        part = index - self.indexes.start
        self._parts.end(part, is_joined=self._are_joined[part])
        self._left -= 1
        return not self._left

    def entries(self) -> LayerEntries | None:
        """Return the entries of the layer; None if it has to be read in one piece."""
        return self._parts.whole()
