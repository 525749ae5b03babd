"""Files that moved to another path: removed from one, added at another, with the same bytes."""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from layerscope.analysis.comparison.diff import Diff
from layerscope.analysis.comparison.difference import ComparedBytes, entry_row
from layerscope.analysis.comparison.pairing import PairedState
from layerscope.analysis.content import Digests
from layerscope.analysis.tree.change import ChangeKind
from layerscope.model.entries import Kind


class Move(NamedTuple):
    """The two rows of a diff that belong to one file: where it was removed, and where it was added."""

    removed: int
    added: int


class _File(NamedTuple):
    """A file that was added or removed: its path from the end, ``name/folder/…``, and its row."""

    backwards: bytes
    row: int

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
    old_digests, new_digests = contents.digests(
        [occurrence for occurrence, _ in old], [occurrence for occurrence, _ in new]
    )
    both = {*map(old_digests.get, dict(old))} & {*map(new_digests.get, dict(new))} - {None}
    gone, come = _by_digest(diff, old, old_digests, both), _by_digest(diff, new, new_digests, both)
    return tuple(sorted(move for digest in gone for move in _pairs(gone[digest], come[digest])))


def _by_size(diff: Diff, side: PairedState, change: ChangeKind) -> dict[int, list[tuple[int, int]]]:
    """Return the occurrences and the rows of the files that were added or removed, by size."""
    tree = side.state.tree
    files: dict[int, list[tuple[int, int]]] = {}
    for row, kind in enumerate(diff.changes):
        if kind != change:
            continue
        occurrence = side.occurrence(diff.nodes[row])
        table, table_row = entry_row(tree, occurrence)
        if table.kinds[table_row] == Kind.FILE and table.sizes[table_row]:
            files.setdefault(table.sizes[table_row], []).append((occurrence, row))
    return files


def _by_digest(
    diff: Diff, files: Sequence[tuple[int, int]], digests: Digests, wanted: Collection[bytes | None]
) -> dict[bytes, list[_File]]:
    """Return the files that have one of the digests, sorted; paths are only made of these few."""
    paths, groups = diff.pairing.shape.path, dict[bytes, list[_File]]()
    for occurrence, row in files:
        digest = digests.get(occurrence)
        if digest is not None and digest in wanted:
            backwards = b"/".join(reversed(paths(diff.nodes[row]).split(b"/")))
            groups.setdefault(digest, []).append(_File(backwards, row))
    for group in groups.values():
        group.sort()
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
