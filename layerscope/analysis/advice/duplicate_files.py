"""The same bytes at several paths of the final image."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from layerscope.analysis.advice.advice import Advice, AdviceKind, Evidence
from layerscope.text import human_size, plural


def duplicate_files(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice for each set of copies that is worth it, on the layer that wrote the last of them.

    Only files of the same mode, owner and xattrs are put into one set: a link to a setuid program is setuid as well.
    """
    for duplicate in evidence.duplicates:
        if not evidence.matters(duplicate.saves):
            return
        files = [file for file in _files(evidence, duplicate.nodes) if file not in evidence.claimed]
        for alike in _alike(evidence, files):
            if len(alike) > 1:
                yield _advice(evidence, alike, duplicate.size)


def _files(evidence: Evidence, nodes: Iterable[int]) -> Iterator[int]:
    live = evidence.live
    return (live.occurrences[bisect_left(live.nodes, node)] for node in nodes)


def _alike(evidence: Evidence, files: Iterable[int]) -> Iterable[list[int]]:
    """Return the files in groups of the same mode, owner and xattrs."""
    groups: dict[object, list[int]] = {}
    tree = evidence.tree
    for file in files:
        table, row = tree.tables[tree.index.layers[file]], tree.index.rows[file]
        key = table.permission_sets[table.permissions[row]], table.xattrs.get(row, ())
        groups.setdefault(key, []).append(file)
    return groups.values()


def _advice(evidence: Evidence, files: Sequence[int], size: int) -> Advice:
    index = evidence.tree.index
    by_age = sorted(files, key=lambda file: (evidence.origin(file), file))
    text = (
        f"The same {human_size(size)} are at {plural(len(files), 'path')}. Keep one, and make the others symlinks to it"
        " in the instruction that writes them."
    )
    paths = (index.path(index.node_of(file)) for file in files)
    cause = f"the same bytes at {plural(len(files), 'path')}"
    return evidence.advice(
        AdviceKind.DUPLICATES, evidence.origin(by_age[-1]), by_age[1:], cause=cause, text=text, paths=paths
    )
