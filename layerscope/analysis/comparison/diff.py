"""What differs between two states: paths added, modified and removed, with what changed about each."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from layerscope.analysis.comparison.difference import (
    UNSETTLED,
    Aspect,
    ComparedBytes,
    difference,
    place_of,
    settled,
    shown_file,
)
from layerscope.analysis.comparison.pairing import Pairing, Side
from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.node_paths import NodePaths
from layerscope.model.entries import FileEntry, Ints


@dataclass(frozen=True, slots=True)
class Change:
    """One path that differs; ``size_delta`` in content bytes, to which a hard link adds none.

    ``what`` is empty for an added and for a removed path, and never for a modified one.
    """

    path: bytes
    change: ChangeKind
    what: Aspect
    before: FileEntry | None
    after: FileEntry | None
    size_delta: int


class DiffSummary(NamedTuple):
    """How many paths were added, modified and removed, and by how many content bytes the tree grew."""

    added: int
    modified: int
    removed: int
    size_delta: int


@dataclass(frozen=True, slots=True)
class Diff:
    """Columns, a row a path that differs, in preorder; a `Change` is made of a row on demand.

    ``nodes`` are those of the pairing; ``unread`` are the rows whose bytes could not be read on both sides: they count
    as other content.
    """

    pairing: Pairing
    nodes: Ints
    changes: bytes
    aspects: bytes
    deltas: Ints
    unread: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.nodes)

    def __iter__(self) -> Iterator[Change]:
        paths = NodePaths(self.pairing.shape)
        return (self._change(row, paths(node)) for row, node in enumerate(self.nodes))

    def change(self, row: int) -> Change:
        """Return the change of a row."""
        return self._change(row, self.pairing.shape.path(self.nodes[row]))

    def _change(self, row: int, path: bytes) -> Change:
        node, pairing = self.nodes[row], self.pairing
        return Change(
            path,
            ChangeKind(self.changes[row]),
            Aspect(self.aspects[row]),
            pairing.old.entry(node, path),
            pairing.new.entry(node, path),
            self.deltas[row],
        )

    @property
    def summary(self) -> DiffSummary:
        """The counts of all changes, and their sizes together."""
        count = self.changes.count
        added, modified, removed = count(ChangeKind.ADDED), count(ChangeKind.MODIFIED), count(ChangeKind.REMOVED)
        return DiffSummary(added, modified, removed, sum(self.deltas))


class _Row(NamedTuple):
    node: int
    change: ChangeKind
    one: int
    other: int
    found: int = 0


def find_differences(pairing: Pairing, contents: ComparedBytes, *, mtime: bool = False) -> Diff:
    """Compare the candidates of a pairing; bytes are asked for once, where nothing else can tell."""
    rows = list(_rows(pairing, mtime=mtime))
    old, new = pairing.old.state.tree, pairing.new.state.tree
    open_rows = [row for row, found in enumerate(rows) if found.found & UNSETTLED]
    pairs = [(shown_file(old, rows[row].one), shown_file(new, rows[row].other)) for row in open_rows]
    answers = dict(zip(open_rows, contents.same(pairs), strict=True)) if pairs else {}
    aspects = [settled(found.found, answers[row]) if row in answers else found.found for row, found in enumerate(rows)]
    kept = [row for row, found in enumerate(rows) if aspects[row] or found.change is not ChangeKind.MODIFIED]
    return Diff(
        pairing,
        array("I", [rows[row].node for row in kept]),
        bytes(rows[row].change for row in kept),
        bytes(aspects[row] for row in kept),
        array("q", _deltas(pairing, [rows[row] for row in kept])),
        tuple(place for place, row in enumerate(kept) if row in answers and answers[row] is None),
    )


def _rows(pairing: Pairing, *, mtime: bool) -> Iterator[_Row]:
    """Yield what is added, removed, or may be modified."""
    old, new = pairing.old, pairing.new
    for node in pairing.candidates:
        one, other = old.standing(node), new.standing(node)
        if one < 0 or other < 0:
            if one != other:
                yield _Row(node, ChangeKind.ADDED if one < 0 else ChangeKind.REMOVED, one, other)
        elif found := difference(old.state.tree, one, new.state.tree, other, mtime=mtime):
            yield _Row(node, ChangeKind.MODIFIED, one, other, found)


def _deltas(pairing: Pairing, rows: Sequence[_Row]) -> Iterator[int]:
    for row in rows:
        yield _own_size(pairing.new, row.other) - _own_size(pairing.old, row.one)


def _own_size(side: Side, occurrence: int) -> int:
    """Return the content bytes that the entry itself holds."""
    if occurrence < 0:
        return 0
    table, row = place_of(side.state.tree, occurrence)
    return table.sizes[row]
