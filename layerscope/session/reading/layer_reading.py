"""Reading the layers of an image, in this process and in those that it forks, and stacking them."""

import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from layerscope.analysis.content import ContentNeed, needed_of_file
from layerscope.analysis.size.hidden import dead_sizes
from layerscope.analysis.tree.overlay import Overlay
from layerscope.analysis.tree.tally import LayerTally, Tallies
from layerscope.model.content_facts import ContentNeeds
from layerscope.model.entries import LayerEntries
from layerscope.model.image import Compression, Layer, Listing
from layerscope.model.progress import ReadSoFar
from layerscope.session.content.open_layers import OpenLayers
from layerscope.session.reading.known_layers import KnownLayers
from layerscope.sources.layer.reader import read_layer
from layerscope.work import IsStopped, in_parallel, processes_at_once, stop_if

if TYPE_CHECKING:
    from layerscope.analysis.tree.layered_tree import LayeredTree

_MANY_COMPRESSED = 8_000_000
"""Stored bytes that take 0.1 s."""

_TRIAL_SECONDS, _LONG_SECONDS = 0.008, 0.08
"""The time that this process reads plain layers, before others do if the rest would take long."""


class LayerRecords(Protocol):
    """The knowledge about layers: of those that were read before, and kept of those that are read."""

    def entries(self, layer: Layer) -> LayerEntries | None:
        """Return the entries of a layer, if they are known."""

    def keep_entries(self, layer: Layer, entries: LayerEntries) -> None:
        """Keep the entries of a layer."""


_LARGEST_HASHED = 64_000_000
"""The size from which on a file is hashed only if another has the same size: hashing takes half as long again."""


def needs_of(needs: Iterable[ContentNeed]) -> ContentNeeds:
    """Return what to take of the content of compressed layers in the pass that lists them.

    The first bytes that ``needs`` name, and the digests of files.
    """
    # 4 ms, and only for layers that are not known
    from layerscope.sources.tar.content_taker import HashedSizes  # noqa: PLC0415

    return ContentNeeds(HashedSizes(_LARGEST_HASHED), needed_of_file(needs))


def read_whole(layer: Layer, is_stopped: IsStopped = bool, *, needs: ContentNeeds | None = None) -> LayerEntries:
    """Return the entries of a layer, with its ``error`` if it could not be read whole.

    Raises ReadingStopped once ``is_stopped`` returns True.
    """
    entries = LayerEntries()
    deque(read_layer(layer, entries, is_stopped, needs=needs), maxlen=0)
    return entries


def read_apart(
    layers: OpenLayers, numbers: Collection[int], needs: ContentNeeds
) -> Iterator[tuple[Layer, LayerEntries]]:
    """Yield some layers of an image with their entries, whatever is known of them.

    Those that a registry has to send are listed while they come. Raises as the image's ``fetch`` does.
    """
    image, listed = layers.image, dict[int, LayerEntries]()
    missing = [] if image.fetch is None else [at for at in numbers if not image.layers[at - 1].is_here]
    if image.fetch is not None and missing:
        listing = Listing(lambda layer, entries: listed.update({layer.number: entries}), needs)
        stop = partial(stop_if, layers.is_stopped)
        for event in image.fetch([image.layers[at - 1] for at in missing], stop, listing):
            if isinstance(event, Layer):
                entries = listed.pop(event.number, None)
                yield event, read_whole(event, layers.is_stopped, needs=needs) if entries is None else entries
    for number in numbers:
        if number not in missing:
            layer = image.layers[number - 1]
            yield layer, read_whole(layer, layers.is_stopped, needs=needs)


def read_layers(
    layers: Sequence[Layer],
    known: KnownLayers,
    grow: Callable[[int, LayerEntries], None] | None = None,
    needs: ContentNeeds | None = None,
) -> Iterator[tuple[int, LayerEntries]]:
    """Yield the number and the entries of each layer, base first.

    ``grow`` is called with the entries of the base as far as they are known, while it is read. What is in ``needs`` of
    the content of compressed layers is taken while they are listed.
    """
    read: dict[int, LayerEntries] = {}
    waiting = deque(layer.number for layer in layers)
    for layer, result in read_as_ordered(layers, iter(layers), known, needs):
        if isinstance(result, LayerEntries):
            read[layer.number] = result
        elif grow is not None and result.entries is not None and layer.number == layers[0].number:
            grow(layer.number, result.entries)
        del result
        while waiting and waiting[0] in read:
            number = waiting.popleft()
            yield number, read.pop(number)


def read_as_ordered(
    layers: Sequence[Layer], order: Iterator[Layer], known: LayerRecords, needs: ContentNeeds | None = None
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
    for layer, result in _read(first_ones, _once_each(order, firsts), needs):
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
    layers: Sequence[Layer], order: Iterator[Layer], needs: ContentNeeds | None
) -> Iterator[tuple[Layer, LayerEntries | ReadSoFar]]:
    """Read layers as `read_as_ordered` does.

    This process begins, and forks others for what turns out to take long. Where it cannot be forked, compressed layers
    are read in threads.
    """
    compressed = [layer for layer in layers if layer.compression not in (Compression.NONE, None)]
    # a process that is forked now cannot read what has still to come
    are_here = all(layer.can_be_listed for layer in layers)
    processes = processes_at_once() if are_here else 1
    is_long = len(compressed) > 1 and sum(map(_packed_size, layers)) >= _MANY_COMPRESSED
    if are_here and processes == 1 and is_long:
        ordered = list(order)
        yield from zip(ordered, in_parallel(partial(read_whole, needs=needs), ordered), strict=True)
        return
    unread = {layer.number: layer for layer in layers}
    pace = _Pace(layers, processes)
    for layer in order:
        entries = LayerEntries()
        reading = read_layer(layer, entries, needs=needs)
        for done in chain([0], reading):
            if pace.is_slow(done):
                # what has been read of this layer took some hundredths of a second, and is read again
                reading.close()
                rest = list(unread.values())
                yield from _read_in_processes(rest, chain([layer], order), pace.processes, needs)
                return
            yield layer, ReadSoFar(done)
        del unread[layer.number]
        pace.ended(layer)
        yield layer, entries


def _read_in_processes(
    layers: Sequence[Layer], order: Iterator[Layer], count: int, needs: ContentNeeds | None
) -> Iterator[tuple[Layer, LayerEntries | ReadSoFar]]:
    # 4 ms, and small images need none
    from layerscope.session.reading.layer_parts import read_in_processes  # noqa: PLC0415

    for layer, result in read_in_processes(layers, order, count, needs):
        yield layer, read_whole(layer, needs=needs) if result is None else result


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
    return 0 if layer.compression is Compression.NONE or layer.table else layer.blob_size or 0


class LayerStack:
    """Layers put on top of each other, base first."""

    def __init__(self) -> None:
        self.overlay = Overlay()
        self._tallies: dict[int, LayerTally] = {}
        self._growing: LayerEntries | None = None

    def grow(self, layer: int, entries: LayerEntries) -> None:
        """Put the base down as far as it has been read; `apply` follows, with the same entries and the rest of them.

        It may follow with others, if the layer turned out to be different.
        """
        self._growing = entries
        self.overlay.grow(layer, entries)

    def apply(self, layer: int, entries: LayerEntries) -> None:
        """Put the next layer on top."""
        if self._growing is not None and entries is not self._growing:
            self.overlay = Overlay()
        self._growing = None
        self._tallies[layer] = self.overlay.apply(layer, entries)

    def tallies(self) -> Tallies:
        """Return the sums of each layer; call it after the last `apply`."""
        broken = any(tally.error for tally in self._tallies.values())
        return Tallies(self._tallies, None if broken else dead_sizes(self.overlay))

    def tree(self) -> "LayeredTree":
        # 5 ms, and a list of layers needs no tree
        from layerscope.analysis.tree import index_building, layered_tree  # noqa: PLC0415

        index = index_building.build_path_index(self.overlay)
        return layered_tree.LayeredTree(index, self.overlay.tables, tuple(self._tallies))


def stacked(layers: OpenLayers, needs: ContentNeeds | None = None) -> LayerStack:
    """Read the layers of an open image, and return them on top of each other; raises as `OpenLayers.to_read` does.

    What is in ``needs`` of the content of compressed layers is taken while they are listed.
    """
    stack = LayerStack()
    for number, entries in read_layers(layers.to_read(), layers.known, stack.grow, needs):
        stack.apply(number, entries)
    return stack
