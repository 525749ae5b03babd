"""Digests and first bytes of files, from the cache; and those that this run reads, for the next one."""

from array import array
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from itertools import accumulate
from typing import TYPE_CHECKING

from msgspec import Struct

from layerscope.cache.cache import RecordKind
from layerscope.model.columns import ColumnWriter, Ints, column, columns_from, columns_of
from layerscope.model.entries import DIGEST_SIZE
from layerscope.model.image import Layer
from layerscope.session.content.content_facts import ContentFacts
from layerscope.session.reading.known_layers import KnownLayers
from layerscope.session.reading.wire import FactsHead, read_frame, write_frame

if TYPE_CHECKING:
    from layerscope.model.span import FileSpan


class _Columns(Struct):
    """The same as columns: one row for each digest, and one for each prefix with its end in ``prefixes``."""

    rows: Ints = column("I")
    hashed: Ints = column("q")
    digests: bytes = column(bytes)
    prefix_rows: Ints = column("I")
    prefix_ends: Ints = column("Q")
    prefixes: bytes = column(bytes)


class KnownContent:
    """Known facts about the files of each layer of an image."""

    def __init__(self, known: KnownLayers) -> None:
        self._known = known
        self._facts: dict[FileSpan | int, ContentFacts] = {}
        """By blob, because layers that share one have the same files; by number for a layer without a blob."""
        self._expected: Iterator[tuple[Layer, ContentFacts]] = iter(())

    def expect(self, facts: Iterator[tuple[Layer, ContentFacts]]) -> None:
        """Take facts as they are found out, once any are asked for."""
        self._expected = facts

    def of(self, layer: Layer) -> ContentFacts:
        """Return what is known about the files of a layer."""
        expected, self._expected = self._expected, iter(())
        for other, found in expected:
            self.add(other, found)
        shared = self._known.shared(layer)
        key = layer.blob or layer.number
        facts = self._facts.get(key) if shared is None else shared.facts
        if facts is None:
            facts = self._known.record_of(RecordKind.CONTENT, layer, _facts_from) or ContentFacts()
            facts.listed = self._known.content(layer) or facts.listed
            facts = self._facts.setdefault(key, facts)
            if shared is not None:
                shared.facts = facts
        return facts

    def add(self, layer: Layer, facts: ContentFacts) -> None:
        """Add what was read of a layer."""
        known = self.of(layer)
        known.digests |= facts.digests
        known.prefixes |= facts.prefixes
        self.keep(layer)

    def keep(self, layer: Layer) -> None:
        """Keep what is known of a layer for the next run."""
        self._known.keep_record_of(RecordKind.CONTENT, layer, partial(_write_facts, self.of(layer)))


def _write_facts(facts: ContentFacts, file: ColumnWriter) -> None:
    """Write the facts; a thread that has not ended yet may add others."""
    digests, prefixes = list(facts.digests.items()), list(facts.prefixes.items())
    columns = _Columns(
        array("I", (row for (row, _), _ in digests)),
        array("q", (hashed for (_, hashed), _ in digests)),
        b"".join(digest for _, digest in digests),
        array("I", (row for row, _ in prefixes)),
        array("Q", accumulate(len(prefix) for _, prefix in prefixes)),
        b"".join(prefix for _, prefix in prefixes),
    )
    write_frame(file, FactsHead(), columns_of(columns))


def _facts_from(record: memoryview) -> ContentFacts | None:
    match read_frame(BytesIO(record)):
        case FactsHead(), buffers:
            columns = _Columns(**columns_from(_Columns, buffers))
            digests = zip(columns.rows, columns.hashed, _parts(columns.digests), strict=True)
            starts = [0, *columns.prefix_ends]
            prefixes = zip(columns.prefix_rows, starts, columns.prefix_ends, strict=False)
            return ContentFacts(
                {(row, hashed): digest for row, hashed, digest in digests},
                {row: columns.prefixes[start:end] for row, start, end in prefixes},
            )
    return None


def _parts(digests: bytes) -> list[bytes]:
    return [digests[start : start + DIGEST_SIZE] for start in range(0, len(digests), DIGEST_SIZE)]
