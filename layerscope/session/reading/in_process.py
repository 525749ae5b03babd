"""Reading the layers of an image, in this process and in those that it forks."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from layerscope.model.entries import LayerEntries
from layerscope.model.image import Compression, Layer
from layerscope.model.progress import ReadSoFar
from layerscope.session.reading.known_layers import KnownLayers
from layerscope.session.reading.parallel import IsStopped, in_parallel, processes_at_once
from layerscope.sources.layer.reader import read_layer

if TYPE_CHECKING:
    from layerscope.sources.tar.taken_content import WantedContent

_MANY_COMPRESSED = 8_000_000
"""Stored bytes that take 0.1 s."""

_TRIAL_SECONDS, _LONG_SECONDS = 0.008, 0.08
"""The time that this process reads plain layers, before others do if the rest would take long."""


class LayerRecords(Protocol):
    """The knowledge about layers: of those that were read before, and kept of those that are read."""

    @property
    def wanted(self) -> "WantedContent | None":
        """The content to take of compressed layers while they are listed, or None."""

    def entries(self, layer: Layer) -> LayerEntries | None:
        """Return the entries of a layer, if they are known."""

    def keep_entries(self, layer: Layer, entries: LayerEntries) -> None:
        """Keep the entries of a layer."""


def read_whole(layer: Layer, is_stopped: IsStopped = bool, *, wanted: "WantedContent | None" = None) -> LayerEntries:
    """Return the entries of a layer, with its ``error`` if it could not be read whole.

    Raises ReadingStopped once ``is_stopped`` returns True.
    """
    entries = LayerEntries()
    deque(read_layer(layer, entries, is_stopped, wanted=wanted), maxlen=0)
    return entries


def read_layers(
    layers: Sequence[Layer], known: KnownLayers, grow: Callable[[int, LayerEntries], None] | None = None
) -> Iterator[tuple[int, LayerEntries]]:
    """Yield the number and the entries of each layer, base first.

    ``grow`` is called with the entries of the base as far as they are known, while it is read.
    """
    read: dict[int, LayerEntries] = {}
    waiting = deque(layer.number for layer in layers)
    for layer, result in read_as_ordered(layers, iter(layers), known):
        if isinstance(result, LayerEntries):
            read[layer.number] = result
        elif grow is not None and result.entries is not None and layer.number == layers[0].number:
            grow(layer.number, result.entries)
        del result
        while waiting and waiting[0] in read:
            number = waiting.popleft()
            yield number, read.pop(number)


def read_as_ordered(
    layers: Sequence[Layer], order: Iterator[Layer], known: LayerRecords
) -> Iterator[tuple[Layer, LayerEntries | ReadSoFar]]:
    """Yield each layer with its entries when it has been read, and before that with its progress.

    Known layers come first. The others are read in the ``order``, which is asked for one whenever there is a process to
    read it; those that it leaves out are not read. Layers that share a blob also share their entries.
    """
    unknown = dict[int, Sequence[Layer]]()
    for sharing in _by_blob(layers):
        entries = next((known_entries for known_entries in map(known.entries, sharing) if known_entries), None)
        if entries is None:
            unknown[sharing[0].number] = sharing
        else:
            yield from ((layer, entries) for layer in sharing)
    firsts = {layer.number: first for first, sharing in unknown.items() for layer in sharing}
    first_ones = [sharing[0] for sharing in unknown.values()]
    for layer, result in _read(first_ones, _once_each(order, firsts), known.wanted):
        if not isinstance(result, LayerEntries):
            yield layer, result
            continue
        for sharer in (layer, *unknown[layer.number][1:]):
            known.keep_entries(sharer, result)
            yield sharer, result


def _by_blob(layers: Sequence[Layer]) -> Iterable[Sequence[Layer]]:
    """Return the layers, those that share a blob together: an archive of 250 kB can list one blob 65,535 times."""
    groups: dict[object, list[Layer]] = {}
    for layer in layers:
        key = layer.number if layer.blob is None else (layer.blob, layer.compression, layer.problem, layer.short)
        groups.setdefault(key, []).append(layer)
    return groups.values()


def _once_each(order: Iterator[Layer], firsts: Mapping[int, int]) -> Iterator[Layer]:
    """Yield those layers of the order that ``firsts`` has, of layers that share a blob one, as the first of them."""
    given = set[int]()
    for layer in order:
        first = firsts.get(layer.number)
        if first is not None and first not in given:
            given.add(first)
            yield replace(layer, number=first)


def _read(
    layers: Sequence[Layer], order: Iterator[Layer], wanted: "WantedContent | None"
) -> Iterator[tuple[Layer, LayerEntries | ReadSoFar]]:
    """Read layers as `read_as_ordered` does.

    This process begins, and forks others for what turns out to take long. Where it cannot be forked, compressed layers
    are read in threads.
    """
    compressed = [layer for layer in layers if layer.compression not in (Compression.NONE, None)]
    if len(compressed) > 1 and processes_at_once() == 1:
        ordered = list(order)
        yield from zip(ordered, in_parallel(partial(read_whole, wanted=wanted), ordered), strict=True)
        return
    unread = {layer.number: layer for layer in layers}
    pace = _Pace(layers, processes_at_once())
    for layer in order:
        entries = LayerEntries()
        reading = read_layer(layer, entries, wanted=wanted)
        for done in chain([0], reading):
            if pace.is_slow(done):
                # what has been read of this layer took some hundredths of a second, and is read again
                reading.close()
                rest = list(unread.values())
                yield from _read_in_processes(rest, chain([layer], order), pace.processes, wanted)
                return
            yield layer, ReadSoFar(done)
        del unread[layer.number]
        pace.ended(layer)
        yield layer, entries


def _read_in_processes(
    layers: Sequence[Layer], order: Iterator[Layer], count: int, wanted: "WantedContent | None"
) -> Iterator[tuple[Layer, LayerEntries | ReadSoFar]]:
    from layerscope.session.reading.layer_parts import read_in_processes  # noqa: PLC0415  # small images need none

    for layer, result in read_in_processes(layers, order, count, wanted):
        yield layer, read_whole(layer, wanted=wanted) if result is None else result


class _Pace:
    """The time that this process has taken for layers, and whether several would be faster for the rest.

    Compressed layers take long by their size. A plain one takes as long as it has entries, which may be one or 100,000.
    """

    def __init__(self, layers: Sequence[Layer], processes: int) -> None:
        self.processes = processes
        self._unread = len(layers)
        self._left = sum(layer.blob_size or 0 for layer in layers)
        self._packed = sum(map(_packed_size, layers))
        self._done = 0
        self._started = time.monotonic()

    def ended(self, layer: Layer) -> None:
        """Note that a layer has been read."""
        self._unread -= 1
        self._done += layer.blob_size or 0
        self._left -= layer.blob_size or 0
        self._packed -= _packed_size(layer)

    def is_slow(self, done: int) -> bool:
        """Return whether to read layers in several processes, after so many stored bytes of one of them."""
        if self.processes == 1:
            return False
        if self._unread > 1 and not done:
            return self._packed >= _MANY_COMPRESSED
        taken = time.monotonic() - self._started
        return taken > _TRIAL_SECONDS and taken * (self._left - done) > _LONG_SECONDS * (self._done + done)


def _packed_size(layer: Layer) -> int:
    return 0 if layer.compression is Compression.NONE else layer.blob_size or 0
