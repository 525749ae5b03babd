"""The difference between two states: paths added, modified and removed, with the aspects that changed."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from layerscope.analysis.comparison.difference import UNSETTLED, Aspect, ComparedBytes, difference, settled
from layerscope.analysis.comparison.pairing import PairedState, Pairing
from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.path_index import PathIndex
from layerscope.analysis.tree.tree_state import NodePaths
from layerscope.model.columns import Ints
from layerscope.model.entries import FileEntry


@dataclass(frozen=True, slots=True)
class Change:
    """One path that differs; ``size_delta`` is in content bytes, to which a hard link adds none.

    A hard link whose file is gone from one side alone has a row too: it is a file there, and has the bytes.
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
    nodes = array("I", [candidates[row].node for row in kept])
    return Diff(
        pairing,
        nodes,
        bytes(candidates[row].change for row in kept),
        bytes(aspects[row] for row in kept),
        array("q", (pairing.new.entry_size(node) - pairing.old.entry_size(node) for node in nodes)),
        tuple(number for number, row in enumerate(kept) if row in answers and answers[row] is None),
    )


def _candidates(pairing: Pairing, *, mtime: bool) -> Iterator[_Candidate]:
    """Yield what is added, removed, or may be modified."""
    old_side, new_side = pairing.old, pairing.new
    old_tree, new_tree = old_side.state.tree, new_side.state.tree
    layers = None if old_side.state.own else (old_side.state.layer, new_side.state.layer)
    carriers = {*_carriers(pairing.shape, old_side)} ^ {*_carriers(pairing.shape, new_side)}
    for node in sorted(carriers.union(pairing.candidates)) if carriers else pairing.candidates:
        old, new = old_side.occurrence(node), new_side.occurrence(node)
        if old < 0 or new < 0:
            if old != new:
                yield _Candidate(node, ChangeKind.ADDED if old < 0 else ChangeKind.REMOVED, old, new)
        elif aspects := difference(old_tree, old, new_tree, new, layers, mtime=mtime):
            yield _Candidate(node, ChangeKind.MODIFIED, old, new, aspects)


def _carriers(shape: PathIndex, side: PairedState) -> Iterator[int]:
    """Yield the nodes of the hard links that have the bytes of a file that is gone: no layer need have touched them."""
    state, index = side.state, side.state.tree.index
    for link in () if state.own else index.link_targets:
        own = index.node_of(link)
        if state.occurrence(own) == link and state.tree.shown_link(link, state.layer) is None:
            node = own if side.nodes is None else shape.find(index.path(own))
            assert node is not None  # noqa: S101  # the shape has all paths of both sides
            yield node
