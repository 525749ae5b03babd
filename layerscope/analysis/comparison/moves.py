"""Files that moved to another path: removed from one, added at another, with the same bytes."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from layerscope.analysis.comparison.diff import Diff
from layerscope.analysis.comparison.difference import ComparedBytes, entry_row
from layerscope.analysis.comparison.pairing import PairedState
from layerscope.analysis.content import Digests
from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.node_paths import NodePaths
from layerscope.model.entries import Kind


class Move(NamedTuple):
    """The two rows of a diff that belong to one file: where it was removed, and where it was added."""

    removed: int
    added: int


class _File(NamedTuple):
    """A file that was added or removed: its row, its occurrence, and its path from the end, ``name/folder/…``."""

    row: int
    occurrence: int
    backwards: bytes

    @property
    def name(self) -> bytes:
        return self.backwards.partition(b"/")[0]


def find_moves(diff: Diff, contents: ComparedBytes) -> tuple[Move, ...]:
    """Return the moves, in the order of the paths that were removed; each row is part of one move at most.

    Bytes are read only if a removed and an added file, neither of them empty, have the same size. Of several files
    with the same bytes, those of the same name belong together, then those whose paths sort alike.
    """
    removed = _by_size(diff, diff.pairing.old, ChangeKind.REMOVED)
    added = _by_size(diff, diff.pairing.new, ChangeKind.ADDED)
    sizes = removed.keys() & added.keys()
    if not sizes:
        return ()
    old = [file for size in sizes for file in removed[size]]
    new = [file for size in sizes for file in added[size]]
    old_digests, new_digests = contents.digests([file.occurrence for file in old], [file.occurrence for file in new])
    gone, come = _by_digest(old, old_digests), _by_digest(new, new_digests)
    return tuple(sorted(move for digest in gone.keys() & come.keys() for move in _pairs(gone[digest], come[digest])))


def _by_size(diff: Diff, side: PairedState, change: ChangeKind) -> dict[int, list[_File]]:
    paths, tree = NodePaths(diff.pairing.shape), side.state.tree
    files: dict[int, list[_File]] = {}
    for row, kind in enumerate(diff.changes):
        if kind != change:
            continue
        occurrence = side.occurrence(diff.nodes[row])
        table, table_row = entry_row(tree, occurrence)
        if table.kinds[table_row] == Kind.FILE and table.sizes[table_row]:
            backwards = b"/".join(reversed(paths(diff.nodes[row]).split(b"/")))
            files.setdefault(table.sizes[table_row], []).append(_File(row, occurrence, backwards))
    return files


def _by_digest(files: Sequence[_File], digests: Digests) -> dict[bytes, list[_File]]:
    groups: dict[bytes, list[_File]] = {}
    for file in sorted(files, key=lambda each: each.backwards):
        digest = digests.get(file.occurrence)
        if digest is not None:
            groups.setdefault(digest, []).append(file)
    return groups


def _pairs(gone: Sequence[_File], come: Sequence[_File]) -> Iterator[Move]:
    """Pair files of equal bytes, which come sorted by their paths from the end."""
    by_name: dict[bytes, list[_File]] = {}
    for file in reversed(come):
        by_name.setdefault(file.name, []).append(file)
    taken: set[int] = set()
    old: list[_File] = []
    for file in gone:
        named = by_name.get(file.name)
        if named:
            taken.add(named[-1].row)
            yield Move(file.row, named.pop().row)
        else:
            old.append(file)
    new = (file for file in come if file.row not in taken)
    for removed, added in zip(old, new, strict=False):
        yield Move(removed.row, added.row)
