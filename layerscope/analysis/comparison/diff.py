"""The difference between two states: paths added, modified and removed, with the aspects that changed."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from layerscope.analysis.comparison.difference import UNSETTLED, Aspect, ComparedBytes, difference, settled
from layerscope.analysis.comparison.pairing import Pairing
from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.node_paths import NodePaths
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
        array("q", [_size_delta(pairing, candidates[row]) for row in kept]),
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


def _size_delta(pairing: Pairing, candidate: _Candidate) -> int:
    old = pairing.old.state.tree.own_size(candidate.old) if candidate.old >= 0 else 0
    new = pairing.new.state.tree.own_size(candidate.new) if candidate.new >= 0 else 0
    return new - old
