"""A part of a diff: some kinds of change, some paths."""

from array import array
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from layerscope.analysis.comparison.diff import Diff
from layerscope.analysis.search.globs import Globs
from layerscope.analysis.search.path_patterns import Subtrees, topmost
from layerscope.analysis.tree.change import ChangeKind


def select_changes(diff: Diff, changes: Collection[ChangeKind], globs: Sequence[str] = ()) -> Diff:
    """Return the rows of a diff with these kinds of change and, if globs are given, with paths that match one.

    A folder that matches includes everything below it. A glob without a slash matches names, one that starts with a
    slash whole paths, and any other the ends of paths.
    """
    rows: Iterable[int] = range(len(diff))
    if len(changes) < len(ChangeKind) - 1:
        rows = [row for row in rows if diff.changes[row] in changes]
    if globs and "/" not in globs:
        shape = diff.pairing.shape
        subtrees = Subtrees(shape, list(topmost(shape, Globs(globs).nodes(shape))))
        rows = [row for row in rows if diff.nodes[row] in subtrees]
    return diff if isinstance(rows, range) else _part(diff, rows)


def has_hits(diff: Diff, globs: Sequence[str]) -> bool:
    """Return whether a path of either side matches one of the globs, whether it differs or not."""
    return "/" in globs or any(True for _ in Globs(globs).nodes(diff.pairing.shape))


def _part(diff: Diff, rows: Iterable[int]) -> Diff:
    kept = list(rows)
    unread = set(diff.unread)
    return replace(
        diff,
        nodes=array("I", [diff.nodes[row] for row in kept]),
        changes=bytes(diff.changes[row] for row in kept),
        aspects=bytes(diff.aspects[row] for row in kept),
        deltas=array("q", [diff.deltas[row] for row in kept]),
        unread=tuple(number for number, row in enumerate(kept) if row in unread),
    )
