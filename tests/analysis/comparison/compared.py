"""Stacks layers with contents, and compares them the slow way: whole trees as dicts, bytes against bytes.

The bytes of a file are told by its size and its ``mtime``: entries by hand have no other.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from layerscope.analysis.content import Digests
from layerscope.analysis.tree.index_building import build_path_index
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.overlay import Overlay
from layerscope.model.entries import Kind
from tests.analysis.entries import Item, layer
from tests.oracle import State, restacked

Facts = tuple[object, ...]
"""The facts about one path that are compared."""


@dataclass
class FakeBytes:
    """Compares files by size and mtime, and notes what was asked; of the occurrences in ``broken`` nothing is known."""

    old: LayeredTree
    new: LayeredTree
    broken: frozenset[int] = frozenset()
    asked: list[tuple[int, int]] = field(default_factory=list)
    digested: int = 0

    def same(self, pairs: Sequence[tuple[int, int]]) -> list[bool | None]:
        self.asked += pairs
        answers = [content_of(self.old, one) == content_of(self.new, other) for one, other in pairs]
        return [None if set(pair) & self.broken else answer for pair, answer in zip(pairs, answers, strict=True)]

    def digests(self, old: Collection[int], new: Collection[int]) -> tuple[Digests, Digests]:
        self.digested += len(old) + len(new)
        return {one: content_of(self.old, one) for one in old}, {one: content_of(self.new, one) for one in new}


def content_of(tree: LayeredTree, occurrence: int) -> bytes:
    table, row = tree.tables[tree.index.layers[occurrence]], tree.index.rows[occurrence]
    return b"%d of %d" % (table.sizes[row], table.mtimes[row])


@dataclass(frozen=True)
class Image:
    """Layers as one tree, and the state after each as the oracle makes it; state 0 is that of an empty image."""

    tree: LayeredTree
    states: list[State]


def image_of(*layers: Sequence[Item]) -> Image:
    contents = [layer(*items) for items in layers]
    overlay = Overlay()
    for number, entries in enumerate(contents, start=1):
        overlay.apply(number, entries)
    tree = LayeredTree(build_path_index(overlay), overlay.tables, tuple(range(1, len(layers) + 1)))
    return Image(tree, restacked(layers))


def same(before: State, after: State, path: bytes) -> bool:
    """Tell whether a path that both states have is the same in all that counts.

    A link is, if it names the same path in both; it does not matter which link has the bytes of a file that is gone.
    """
    links = [(state.shown[path].link, state.tree[path].link) for state in (before, after)]
    (old, stored), (new, other_stored) = links
    same_link = old == new or (stored == other_stored and None not in (old, new))
    return same_link and _facts(before, path) == _facts(after, path)


def _facts(state: State, path: bytes) -> Facts:
    entry = state.tree[path]
    file = entry if entry.kind is Kind.FILE else state.files.get(path)
    content = (file.size, file.mtime if file.size else 0) if file else entry.device
    mode = 0 if entry.kind is Kind.SYMLINK else entry.mode
    return Kind.FILE if file else entry.kind, mode, entry.uid, entry.gid, (file or entry).xattrs, content


def slow_changes(before: State, after: State) -> dict[bytes, str]:
    """Return the mark of each path that differs."""
    marks = {}
    for path in before.tree.keys() | after.tree.keys():
        if path not in before.tree:
            marks[path] = "+"
        elif path not in after.tree:
            marks[path] = "-"
        elif not same(before, after, path):
            marks[path] = "~"
    return marks
