"""The plan of an extraction: everything to be written, in order."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.tree_state import NodePaths
from layerscope.extraction.options import ExtractionOptions, LeftOut
from layerscope.model.entries import DEVICES, NO_TARGET, FileEntry, Kind, impossible
from layerscope.session.loaded_image import LoadedImage

_Groups = dict[int, list[tuple[bool, bytes]]]
"""The names of each file by its occurrence, its own one as False and a path, those of hard links as True and a path."""


class PlannedFile(NamedTuple):
    """A regular file by its occurrence; ``entry`` has its path and metadata, ``links`` are its other paths."""

    occurrence: int
    entry: FileEntry
    links: tuple[bytes, ...]


class PlannedOther(NamedTuple):
    """A symlink, pipe or device: its path and metadata, and its other paths."""

    entry: FileEntry
    links: tuple[bytes, ...]


@dataclass(slots=True)
class ExtractionPlan:
    """Everything to be written: outer ``folders`` first, ``files`` in the order of the layers, ``others`` last.

    ``parents`` are folders above the selected paths: they are made if missing, without metadata from the image.
    ``left_out`` are paths that take an option, ``impossible`` those that cannot be written at all.
    """

    parents: list[bytes] = field(default_factory=list)
    folders: list[FileEntry] = field(default_factory=list)
    files: list[PlannedFile] = field(default_factory=list)
    others: list[PlannedOther] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    impossible: list[LeftOut] = field(default_factory=list)
    size: int = 0

    def entries(self) -> Iterator[FileEntry]:
        """Return an entry for each file, folder, symlink, pipe and device; other names are not entries."""
        return chain(self.folders, (file.entry for file in self.files), (other.entry for other in self.others))

    def leave_out(self, tree: LayeredTree, unreadable: Mapping[int, str]) -> None:
        """Move the files that could not be read to `impossible`; ``unreadable`` has the reasons by occurrence."""
        for file in self.files:
            if reason := unreadable.get(file.occurrence):
                self.size -= tree.own_size(file.occurrence)
                self.impossible += [LeftOut(path, reason) for path in (file.entry.path, *file.links)]
        self.files = [file for file in self.files if file.occurrence not in unreadable]


def plan_extraction(
    tree: LayeredTree, nodes: Iterable[int], layer: int, options: ExtractionOptions | None = None
) -> ExtractionPlan:
    """Plan to write the nodes as they are after the layer, and everything below them."""
    plan, groups, paths = ExtractionPlan(), _Groups(), NodePaths(tree.index)
    roots = list(_outermost(tree, nodes))
    for root in roots:
        for node in range(root, tree.index.ends[root]):
            if tree.is_present(node, layer):
                occurrence, path = tree.index.occurrence(node, layer), paths(node)
                target = tree.linked(occurrence)
                if tree.kind(occurrence) is Kind.DIR:
                    plan.folders += [tree.entry_at(occurrence, path)] if path else []
                elif target < 0 or tree.kind(target) is Kind.DIR:
                    plan.impossible.append(LeftOut(path, NO_TARGET))
                else:
                    groups.setdefault(target, []).append((occurrence != target, path))
    _sort_in(plan, groups, tree, options or ExtractionOptions())
    plan.parents = _parents(map(tree.index.path, roots))
    return plan


def _outermost(tree: LayeredTree, nodes: Iterable[int]) -> Iterator[int]:
    end = -1
    for node in sorted(set(nodes)):
        if node >= end:
            yield node
            end = tree.index.ends[node]


def _parents(roots: Iterable[bytes]) -> list[bytes]:
    """Return the folders that contain the roots, outermost first."""
    folders = set[bytes]()
    for root in roots:
        parts = root.split(b"/")
        folders.update(b"/".join(parts[:count]) for count in range(1, len(parts)))
    return sorted(folders, key=lambda path: (path.count(b"/"), path))


def _sort_in(plan: ExtractionPlan, groups: _Groups, tree: LayeredTree, options: ExtractionOptions) -> None:
    """Put files, symlinks, pipes and devices into the plan, each once, with its other names."""
    for target, names in groups.items():
        path, *links = (path for _, path in sorted(names))
        entry = tree.entry_at(target, path)
        if entry.kind is Kind.FILE:
            plan.files.append(PlannedFile(target, entry, tuple(links)))
            plan.size += tree.own_size(target)
        elif entry.kind in DEVICES and not options.devices:
            plan.left_out += [LeftOut(path, "it is a device") for path in (path, *links)]
        elif reason := impossible(entry):
            plan.impossible += [LeftOut(path, reason) for path in (path, *links)]
        else:
            plan.others.append(PlannedOther(entry, tuple(links)))
    plan.files.sort(key=lambda file: _position(tree, file.occurrence))


def _position(tree: LayeredTree, file: int) -> tuple[int, int]:
    layer = tree.index.layers[file]
    return layer, tree.tables[layer].data_offsets[tree.index.rows[file]]


def unread_layers(loaded: LoadedImage, nodes: Iterable[int], layer: int) -> list[int]:
    """Return the layers up to ``layer`` that could not be read whole and may have changed one of the paths.

    A file is certain if the layer that wrote it, and all after it, were read; a folder only if all layers were.
    """
    unread = [number for number, tally in loaded.tallies.layers.items() if number <= layer and tally.error]
    first = min((_first_relevant(loaded, node, layer) for node in nodes), default=0) if unread else 0
    return [number for number in unread if number >= first]


def _first_relevant(loaded: LoadedImage, node: int, layer: int) -> int:
    if loaded.tree.is_directory(node, layer):
        return 0
    index = loaded.tree.index
    return index.layers[index.occurrence(node, layer)]
