"""The difference between two states: paths added, modified and removed, with the aspects that changed."""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from layerscope.analysis.comparison.difference import UNSETTLED, Aspect, ComparedBytes, difference, settled
from layerscope.analysis.comparison.pairing import PairedState, Pairing
from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.tree_state import NodePaths
from layerscope.model.columns import Ints
from layerscope.model.entries import FileEntry


@dataclass(frozen=True, slots=True)
class Change:
    """One path that differs; ``size_delta`` is in content bytes, to which a hard link adds none.

    ``what`` is empty for an added and for a removed path, and never for a modified one.
    """

    path: bytes
    change: ChangeKind
    what: Aspect
    before: FileEntry | None
    after: FileEntry | None
    size_delta: int


class DiffSummary(NamedTuple):
    """The numbers of paths added, modified and removed, and the content bytes by which the tree grew."""

    added: int
    modified: int
    removed: int
    size_delta: int


@dataclass(frozen=True, slots=True)
class Diff:
    """Columns, with one row for each path that differs, in preorder; a `Change` is made of a row on demand.

    ``nodes`` are those of the pairing. ``unread`` are the rows whose bytes could not be read on both sides: they count
    as different.
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
        """The counts of all changes, and the sum of their sizes."""
        count = self.changes.count
        added, modified, removed = count(ChangeKind.ADDED), count(ChangeKind.MODIFIED), count(ChangeKind.REMOVED)
        return DiffSummary(added, modified, removed, sum(self.deltas))


class _Candidate(NamedTuple):
    node: int
    change: ChangeKind
    old: int
    new: int
    aspects: int = 0


def find_differences(pairing: Pairing, contents: ComparedBytes, *, mtime: bool = False) -> Diff:
    """Compare the candidates of a pairing; bytes are compared once, and only if nothing else decides."""
    candidates = list(_candidates(pairing, mtime=mtime))
    old_tree, new_tree = pairing.old.state.tree, pairing.new.state.tree
    unsettled = [row for row, candidate in enumerate(candidates) if candidate.aspects & UNSETTLED]
    pairs = [
        (old_tree.file_behind(candidates[row].old), new_tree.file_behind(candidates[row].new)) for row in unsettled
    ]
    answers = dict(zip(unsettled, contents.same(pairs), strict=True)) if pairs else {}
    aspects = [
        settled(candidate.aspects, answers[row]) if row in answers else candidate.aspects
        for row, candidate in enumerate(candidates)
    ]
    kept = [
        row for row, candidate in enumerate(candidates) if aspects[row] or candidate.change is not ChangeKind.MODIFIED
    ]
    return Diff(
        pairing,
        array("I", [candidates[row].node for row in kept]),
        bytes(candidates[row].change for row in kept),
        bytes(aspects[row] for row in kept),
        array("q", _size_deltas(pairing, [candidates[row].node for row in kept])),
        tuple(number for number, row in enumerate(kept) if row in answers and answers[row] is None),
    )


def _candidates(pairing: Pairing, *, mtime: bool) -> Iterator[_Candidate]:
    """Yield what is added, removed, or may be modified."""
    old_side, new_side = pairing.old, pairing.new
    old_tree, new_tree = old_side.state.tree, new_side.state.tree
    for node in pairing.candidates:
        old, new = old_side.occurrence(node), new_side.occurrence(node)
        if old < 0 or new < 0:
            if old != new:
                yield _Candidate(node, ChangeKind.ADDED if old < 0 else ChangeKind.REMOVED, old, new)
        elif aspects := difference(old_tree, old, new_tree, new, mtime=mtime):
            yield _Candidate(node, ChangeKind.MODIFIED, old, new, aspects)


def _size_deltas(pairing: Pairing, nodes: list[int]) -> list[int]:
    """Return the content bytes by which each row grows the tree.

    A hard link that has the bytes of a file once the path of that is gone did not change, and has no row. Its bytes
    count on the row of the file, whose removal has freed nothing, or of another link to it.
    """
    deltas = [pairing.new.entry_size(node) - pairing.old.entry_size(node) for node in nodes]
    rows = {node: row for row, node in enumerate(nodes)}
    counted: set[int] = set()
    for node, names in chain(_carriers(pairing, pairing.old), _carriers(pairing, pairing.new)):
        row = next((rows[name] for name in names if name in rows), None)
        if node not in rows and node not in counted and row is not None:
            counted.add(node)
            deltas[row] += pairing.new.entry_size(node) - pairing.old.entry_size(node)
    return deltas


def _carriers(pairing: Pairing, side: PairedState) -> Iterator[tuple[int, Iterator[int]]]:
    """Yield the nodes of the hard links that have the bytes of a file, each with the nodes of all names of it."""
    state, index = side.state, side.state.tree.index
    if state.own:
        return
    for link in index.link_targets:
        if state.occurrence(index.node_of(link)) == link and state.tree.shown_size(link, state.layer):
            file = state.tree.file_behind(link)
            (node,) = _nodes(pairing, side, (link,))
            yield node, _nodes(pairing, side, (file, *index.links_to(file)))


def _nodes(pairing: Pairing, side: PairedState, occurrences: Iterable[int]) -> Iterator[int]:
    """Yield the nodes of the pairing for occurrences of one side."""
    index = side.state.tree.index
    for occurrence in occurrences:
        own = index.node_of(occurrence)
        node = own if side.nodes is None else pairing.shape.find(index.path(own))
        if node is not None:
            yield node
