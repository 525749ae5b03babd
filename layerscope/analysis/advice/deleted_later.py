"""Files that a later layer deletes: they are pulled all the same."""

from collections.abc import Iterator, Sequence

from layerscope.analysis.advice.advice import Advice, AdviceKind, Evidence
from layerscope.analysis.advice.fix import fix
from layerscope.analysis.advice.package_caches import cache_areas
from layerscope.analysis.size.dead import DeadEntry
from layerscope.analysis.size.dead_reason import DeadReason
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.node_paths import NodePaths
from layerscope.text import human_size

_REASONS = frozenset({DeadReason.DELETED, DeadReason.OPAQUE, DeadReason.REPLACED})
_REMEDY = "Delete them at the end of this RUN: what a later layer deletes stays in the image."


def deleted_later(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice for each pair of a layer that wrote files and one that deleted them, caches left aside."""
    caches, path = cache_areas(evidence.tree.index), NodePaths(evidence.tree.index)
    pairs: dict[tuple[int, int], list[DeadEntry]] = {}
    for entry in evidence.dead.entries:
        if entry.reason in _REASONS and entry.node not in caches:
            pairs.setdefault((entry.writer, entry.hidden_by), []).append(entry)
    for (writer, hidden_by), entries in pairs.items():
        size = sum(entry.size for entry in entries)
        if evidence.matters(size):
            text = (
                f"Layer {hidden_by} deletes {human_size(size)} that this layer wrote. {fix(evidence, writer, _REMEDY)}"
            )
            paths = map(path, _topmost(evidence.tree, entries))
            yield evidence.advice(AdviceKind.DELETED_LATER, writer, size, text, paths, hidden_by=hidden_by)


def _topmost(tree: LayeredTree, entries: Sequence[DeadEntry]) -> list[int]:
    """Return the topmost nodes that went away with the files, the heaviest first; all files have one hidden_by."""
    sizes: dict[int, int] = {}
    tops: dict[int, int] = {}
    for entry in entries:
        top = _top(tree, entry, tops)
        sizes[top] = sizes.get(top, 0) + entry.size
    return sorted(sizes, key=lambda node: (-sizes[node], node))


def _top(tree: LayeredTree, entry: DeadEntry, tops: dict[int, int]) -> int:
    """Return the topmost node that is not there any more; ``tops`` remembers those of folders, 0 for one that stays."""
    folder, gone = tree.index.parents[entry.node], list[int]()
    while folder not in tops and not tree.is_present(folder, entry.hidden_by):
        gone.append(folder)
        folder = tree.index.parents[folder]
    top = tops.setdefault(folder, 0)
    for each in reversed(gone):
        top = tops[each] = top or each
    return top or entry.node
