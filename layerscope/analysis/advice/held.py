"""Files by the layer that caused them, or the instruction whose change would save them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from layerscope.analysis.advice.advice import Evidence
from layerscope.analysis.size.dead import DeadEntry, DeadReason
from layerscope.analysis.tree.path_index import PathIndex
from layerscope.model.instruction import COPYING
from layerscope.text import path_text, plural, short_name

_MOST_NAMED = 20
"""Layers that a sentence names: an image may have 65,535."""


def fix(evidence: Evidence, layer: int, for_run: str) -> str:
    """Return how to keep files out of a layer; ``for_run`` is the answer if a RUN wrote them."""
    keyword = evidence.keyword(layer)
    if keyword == "RUN":
        return for_run
    if keyword in COPYING:
        return "Leave them out of what is copied: with a .dockerignore, or by copying only what is needed."
    return "Keep them out of this layer where it is made, or choose a base image without them."


def named_layers(layers: Iterable[int]) -> str:
    """Return layers in a sentence: ``layer 2``, ``layers 2, 5 and 7``; of many, the first and how many others."""
    numbers = sorted(set(layers))
    named = list(map(str, numbers[:_MOST_NAMED]))
    if len(numbers) > _MOST_NAMED:
        named.append(plural(len(numbers) - _MOST_NAMED, "other"))
    *others, last = named
    return f"layers {', '.join(others)} and {last}" if others else f"layer {last}"


def named_paths(paths: Sequence[bytes], count: int) -> str:
    """Return the first of some paths, safe for a screen, and how many others there are."""
    others = f" and {plural(count - 1, 'other')}" if count > 1 else ""
    return f"{short_name(path_text(paths[0]))}{others}"


def layers_do(layers: Iterable[int], verb: str) -> str:
    """Return layers with a verb: ``Layer 2 deletes``, ``Layers 2, 5 and 7 delete``."""
    numbers = set(layers)
    return f"{named_layers(numbers).capitalize()} {verb if len(numbers) > 1 else f'{verb}s'}"


@dataclass(slots=True)
class Held:
    """Files that one layer caused: bytes live and dead, by root of a subtree, and of the dead ones by hiding layer.

    Copies that later layers stored of a file count for the layer that wrote it first.
    """

    files: list[int] = field(default_factory=list)
    live: int = 0
    dead: int = 0
    roots: dict[int, int] = field(default_factory=dict)
    hiding_layers: dict[int, int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return self.live + self.dead

    @property
    def hidden_by(self) -> int | None:
        """The layer that hid most of the dead bytes."""
        return max(self.hiding_layers, key=self.hiding_layers.__getitem__, default=None)

    def paths(self, index: PathIndex) -> list[bytes]:
        """Return the paths of the subtrees, the largest first."""
        return [index.path(node) for node in sorted(self.roots, key=lambda node: (-self.roots[node], node))]

    def add(self, file: int, root: int, size: int, hidden_by: int | None = None) -> None:
        self.files.append(file)
        self.roots[root] = self.roots.get(root, 0) + size
        if hidden_by is None:
            self.live += size
        else:
            self.dead += size
            self.hiding_layers[hidden_by] = self.hiding_layers.get(hidden_by, 0) + size


def held_live(evidence: Evidence, nodes: Iterable[int]) -> dict[int, Held]:
    """Return, by the layer that caused them, the live files at or below the nodes, with all copies of them."""
    return _held(evidence, _live_below(evidence, nodes))


def held(evidence: Evidence, nodes: Sequence[int]) -> dict[int, Held]:
    """Return, by the layer that caused them, the live and the dead files at or below the nodes."""
    dead, ends = evidence.dead, evidence.tree.index.ends
    dead_files = {entry.occurrence: node for node in nodes for entry in dead.below(node, ends[node])}
    return _held(evidence, _live_below(evidence, nodes) | dead_files)


def _live_below(evidence: Evidence, nodes: Iterable[int]) -> dict[int, int]:
    """Return the live files that have bytes, each with the node that it is at or below."""
    live, ends = evidence.live, evidence.tree.index.ends
    return {live.occurrences[at]: node for node in nodes for at in live.below(node, ends[node]) if live.sizes[at]}


def _held(evidence: Evidence, roots: Mapping[int, int]) -> dict[int, Held]:
    """Return some files, each with the root of its subtree, and all copies of them, by the layer that caused them."""
    layers: dict[int, Held] = {}
    for file, copy in evidence.with_copies(roots):
        layer = layers.setdefault(evidence.origin(copy), Held())
        layer.add(copy, roots[file], evidence.tree.own_size(copy), evidence.hidden_by(copy))
    return layers


@dataclass(slots=True)
class DeadFiles:
    """Dead files, with all earlier copies of them in ``files``, that a change to the instruction of ``layer`` saves.

    ``layer`` is the one that wrote them first or, if ``at_hiding_layer``, the one that hid them.
    """

    layer: int
    at_hiding_layer: bool
    entries: list[DeadEntry] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    size: int = 0

    @property
    def reasons(self) -> set[DeadReason | None]:
        return {entry.reason for entry in self.entries}

    @property
    def hiding_layers(self) -> list[int]:
        return [entry.hidden_by for entry in self.entries]

    @property
    def main_hiding_layer(self) -> int:
        """The layer that hid most of their bytes."""
        sizes: dict[int, int] = {}
        for entry in self.entries:
            sizes[entry.hidden_by] = sizes.get(entry.hidden_by, 0) + entry.size
        return max(sizes, key=sizes.__getitem__)

    def writers(self, evidence: Evidence) -> list[int]:
        """Return the layers that wrote them first."""
        return [evidence.origin(entry.occurrence) for entry in self.entries]


def by_instruction(evidence: Evidence, entries: Collection[DeadEntry]) -> Iterator[DeadFiles]:
    """Yield dead files by the layer that wrote them first and, if that saves too little, by the layer that hid them.

    Many layers may each write a few files that one layer deletes: no writer is worth advice then, but the layer that
    deletes them is.
    """
    small: list[DeadEntry] = []
    for group in _grouped(evidence, entries, lambda entry: evidence.origin(entry.occurrence), at_hiding_layer=False):
        if evidence.matters(group.size):
            yield group
        else:
            small += group.entries
    yield from _grouped(evidence, small, lambda entry: entry.hidden_by, at_hiding_layer=True)


def _grouped(
    evidence: Evidence, entries: Iterable[DeadEntry], layer_of: Callable[[DeadEntry], int], *, at_hiding_layer: bool
) -> Iterator[DeadFiles]:
    by_file = {entry.occurrence: entry for entry in entries}
    groups: dict[int, DeadFiles] = {}
    for file, copy in evidence.with_copies(by_file):
        entry = by_file.get(copy, by_file[file])
        layer = layer_of(entry)
        group = groups.setdefault(layer, DeadFiles(layer, at_hiding_layer))
        if copy in by_file:
            group.entries.append(entry)
        group.files.append(copy)
        group.size += evidence.tree.own_size(copy)
    yield from groups.values()
