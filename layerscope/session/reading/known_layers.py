"""The layers that an earlier run has read, from the cache; and those that this run reads, for the next one."""

from collections.abc import Callable, Generator, Sequence
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, TypeVar

import msgspec

from layerscope.analysis.tree.tally import Tallies
from layerscope.cache.cache import Cache, RecordKind
from layerscope.cache.identity import chain_identity, layer_identity
from layerscope.model.columns import ColumnWriter
from layerscope.model.content_facts import ContentFacts
from layerscope.model.image import FileSpan, Layer
from layerscope.session.reading.wire import (
    read_entries,
    read_facts,
    read_tree,
    send_entries,
    send_facts,
    send_table,
    send_tree,
)

if TYPE_CHECKING:
    from layerscope.analysis.tree.layered_tree import LayeredTree
    from layerscope.model.entries import LayerEntries

Known = TypeVar("Known")

_LEAST_STORED = 1_000_000
"""Layers that are smaller together are read in the time that it takes to look them up."""

_MOST_FIRST_BYTES = 64 * 1024 * 1024
"""The first bytes of files that are kept while the layers of an image are listed."""

_BROKEN = (msgspec.MsgspecError, ValueError, TypeError, KeyError)
"""The errors of a record whose bytes are whole and whose content is none of ours."""


class KnownLayers:
    """The layers of one image in the cache; nothing is known and nothing is kept without a cache.

    What is kept is written by `settle`, after the user has the answer. A layer that has an error is not kept, nor what
    rests on it, nor a layer whose file has changed while it was read.
    """

    def __init__(self, cache: Cache | None, layers: Sequence[Layer], label: str) -> None:
        self._cache = cache if cache is not None and _are_worthwhile(layers) else None
        self.layers = layers
        self._label = label
        self._identities = {} if self._cache is None else {layer.number: layer_identity(layer) for layer in layers}
        self._shared: dict[int, tuple[KnownLayers, Layer]] = {}
        """The other image that has the same layer, by number."""
        self._read: dict[int, LayerEntries] = {}
        """The entries of layers that were read before the image as a whole."""
        self._facts: dict[FileSpan | int, ContentFacts] = {}
        """By blob, because layers that share one have the same files; by number for a layer without a blob."""
        self._unasked = set[FileSpan | int]()
        """The layers whose facts this run has found out before any were asked for."""
        self._expected: Generator[tuple[Layer, ContentFacts]] | None = None
        self._first_bytes_left = _MOST_FIRST_BYTES
        self._unwritten: dict[tuple[RecordKind, str], Callable[[], None]] = {}

    @property
    def cache_folder(self) -> str | None:
        """The folder of the cache, for another process; None without a cache."""
        return None if self._cache is None else str(self._cache.folder)

    @property
    def chain(self) -> str | None:
        """The name of all layers on top of each other; None if one has none."""
        return None if self._cache is None else chain_identity(list(self._identities.values()))

    def take(self, layer: Layer) -> None:
        """Take a layer that has come with its content."""
        self.layers = [layer if layer.number == other.number else other for other in self.layers]
        if self._cache is not None:
            self._identities[layer.number] = layer_identity(layer)

    @property
    def are_unchanged(self) -> bool:
        """True if the bytes of all layers are still those that were read."""
        return self.chain is not None and self.chain == chain_identity(list(map(layer_identity, self.layers)))

    def tallies(self) -> Tallies | None:
        """Return the figures of each layer, if they are known."""
        return self._decoded(RecordKind.TALLIES, self.chain, partial(msgspec.json.decode, type=Tallies))

    def share(self, layer: Layer, other: "KnownLayers", others: Layer) -> None:
        """Share what is read of the content of a layer with another image."""
        self._shared[layer.number] = other, others
        other._shared[others.number] = self, layer  # noqa: SLF001  # of this class

    def expect(self, facts: Generator[tuple[Layer, ContentFacts]] | None) -> None:
        """Take facts that another process finds out, once any are asked for."""
        self._expected = facts

    def end_expected(self) -> None:
        """End the process that finds facts out; a report that failed has taken none of them."""
        if self._expected is not None:
            self._expected.close()

    def facts(self, layer: Layer) -> ContentFacts:
        """Return what is known about the content of the files of a layer; more may be added to it."""
        expected, self._expected = self._expected, None
        for other, found in expected or ():
            self.take_facts(other, found)
        key = layer.blob or layer.number
        facts = self._facts.get(key)
        if facts is None:
            shared, others = self._shared.get(layer.number, (self, layer))
            facts = shared._facts.get(others.blob or others.number)  # noqa: SLF001  # of this class
            facts = facts or self.record_of(RecordKind.CONTENT, layer, _facts_from) or ContentFacts()
            facts = self._facts.setdefault(key, facts)
        elif key in self._unasked:
            self._unasked.discard(key)
            self.keep_facts(layer)
        return facts

    def take_facts(self, layer: Layer, facts: ContentFacts) -> None:
        """Take facts about the files of a layer that were found out before any were asked for."""
        key = layer.blob or layer.number
        if facts and key not in self._facts:
            self._facts[key] = facts
            self._unasked.add(key)

    def keep_facts(self, layer: Layer) -> None:
        """Keep what is known of a layer's files for the next run."""
        self.keep_record_of(RecordKind.CONTENT, layer, partial(send_facts, facts=self.facts(layer), all_prefixes=False))

    def entries(self, layer: Layer) -> "LayerEntries | None":
        """Return the entries of a layer, if they are known."""
        read = self._read.get(layer.number)
        return (
            self.record_of(RecordKind.ENTRIES, layer, lambda record: read_entries(BytesIO(record)))
            if read is None
            else read
        )

    def take_entries(self, layer: Layer, entries: "LayerEntries") -> None:
        """Take the entries of a layer that was read before the image as a whole."""
        self._read[layer.number] = entries

    def record_of(self, kind: RecordKind, layer: Layer, decode: Callable[[memoryview], Known | None]) -> Known | None:
        """Return what ``decode`` makes of a record about a layer, or None if there is none."""
        return self._decoded(kind, self._identities.get(layer.number), decode)

    @property
    def has_tree(self) -> bool:
        """True if all layers are known as one tree, unless its record is damaged."""
        return self._cache is not None and self.chain is not None and self._cache.holds(RecordKind.TREE, self.chain)

    def tree(self) -> "tuple[LayeredTree, Tallies] | None":
        """Return all layers as one tree, and their figures, if they are known."""
        return self._decoded(RecordKind.TREE, self.chain, lambda record: read_tree(BytesIO(record)))

    def tree_frames(self) -> BytesIO | None:
        """Return the frames that a reader process would send for the tree, if it is known."""
        return self._decoded(RecordKind.TREE, self.chain, BytesIO)

    def answer(self, key: str) -> str | None:
        """Return what an earlier run has printed about the layers, if it is known."""
        return self._decoded(RecordKind.ANSWER, key, lambda record: str(record, "utf-8", "surrogatepass"))

    def keep_answer(self, key: str, answer: str) -> None:
        """Keep what was printed about the layers."""
        encoded = answer.encode("utf-8", "surrogatepass")
        self._keep(RecordKind.ANSWER, key, self.layers, partial(_write_bytes, encoded))

    def keep_tallies(self, tallies: Tallies) -> None:
        self._keep_chain(RecordKind.TALLIES, tallies, partial(_write_bytes, msgspec.json.encode(tallies)))

    def keep_entries(self, layer: Layer, entries: "LayerEntries") -> None:
        if entries.error is not None:
            # of a broken stream, a file counts as unreadable, although its bytes may have come
            return
        if (layer.blob or layer.number) not in self._facts:
            self._first_bytes_left -= sum(map(len, entries.content.prefixes.values()))
            if self._first_bytes_left < 0:
                # a pass over the content reads them
                entries.content.prefixes.clear()
            self.take_facts(layer, entries.content)
        self.keep_record_of(RecordKind.ENTRIES, layer, lambda file: send_entries(file, layer.number, entries))

    def keep_record_of(self, kind: RecordKind, layer: Layer, write: Callable[[ColumnWriter], object]) -> None:
        """Keep what ``write`` writes about a layer, in place of an earlier record of the kind."""
        identity = self._identities.get(layer.number)
        if identity is not None:
            self._keep(kind, identity, [layer], write)

    def keep_tree(self, tree: "LayeredTree", tallies: Tallies) -> None:
        self._keep_chain(RecordKind.TREE, tallies, partial(_write_tree, tree, tallies))

    def settle(self) -> None:
        """Write what is to be kept, and keep the cache within its bound."""
        # a thread that has not ended yet may add others
        for key in list(self._unwritten):
            self._unwritten.pop(key)()
        self._read.clear()
        if self._cache is not None:
            self._cache.shrink()

    def _keep_chain(self, kind: RecordKind, tallies: Tallies, write: Callable[[ColumnWriter], object]) -> None:
        if self.chain is not None and tallies.dead is not None:
            self._keep(kind, self.chain, self.layers, write)

    def _keep(
        self, kind: RecordKind, identity: str, layers: Sequence[Layer], write: Callable[[ColumnWriter], object]
    ) -> None:
        def keep() -> None:
            is_same = all(layer_identity(layer) == self._identities[layer.number] for layer in layers)
            if self._cache is not None and is_same:
                self._cache.keep(kind, identity, self._label, write)

        self._unwritten[kind, identity] = keep

    def _decoded(
        self, kind: RecordKind, identity: str | None, decode: Callable[[memoryview], Known | None]
    ) -> Known | None:
        record = None if self._cache is None or identity is None else self._cache.read(kind, identity)
        try:
            return None if record is None else decode(record)
        except _BROKEN:
            return None


def holds_layers(cache: Cache, layers: Sequence[Layer]) -> bool:
    """Return whether the cache has the entries of all layers; a record may turn out to be damaged when it is read."""
    identities = {layer_identity(layer) for layer in layers}
    return all(identity and cache.holds(RecordKind.ENTRIES, identity) for identity in identities)


def _are_worthwhile(layers: Sequence[Layer]) -> bool:
    """Return whether layers are worth a look into the cache; those of engines and registries would be fetched again."""
    return (
        any(layer.verified or layer.known_size is not None for layer in layers)
        or sum(layer.blob_size or 0 for layer in layers) >= _LEAST_STORED
    )


def _write_bytes(data: bytes, file: ColumnWriter) -> None:
    file.write(data)


def _facts_from(record: memoryview) -> ContentFacts | None:
    facts = read_facts(BytesIO(record))
    if facts is not None:
        facts.asked.update(facts.prefixes)
    return facts


def _write_tree(tree: "LayeredTree", tallies: Tallies, file: ColumnWriter) -> None:
    for layer in tree.layers:
        send_table(file, layer, tree.tables[layer])
    send_tree(file, tree, tallies, last=True)
