"""The plan of an extraction: everything to be written, in order."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.extraction.options import ExtractionOptions, LeftOut
from layerscope.model.entries import FileEntry, Kind

_DEVICES = (Kind.CHAR, Kind.BLOCK)

_Groups = dict[int, list[tuple[int, FileEntry]]]
"""For each file, by its occurrence: the occurrences and entries that are names of it."""


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
    """

    roots: list[bytes] = field(default_factory=list)
    parents: list[bytes] = field(default_factory=list)
    folders: list[FileEntry] = field(default_factory=list)
    files: list[PlannedFile] = field(default_factory=list)
    others: list[PlannedOther] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    size: int = 0


def plan_extraction(
    tree: LayeredTree, nodes: Iterable[int], layer: int, options: ExtractionOptions | None = None
) -> ExtractionPlan:
    """Plan to write the nodes as they are after the layer, and everything below them."""
    plan, groups, others = ExtractionPlan(), _Groups(), _Groups()
    for root in _outermost(tree, nodes):
        plan.roots.append(tree.index.path(root))
        for node in range(root, tree.index.ends[root]):
            if tree.is_present(node, layer):
                occurrence = tree.index.occurrence(node, layer)
                entry, file = tree.entry_of(occurrence, node), tree.file_behind(occurrence)
                if file >= 0:
                    groups.setdefault(file, []).append((occurrence, entry))
                elif entry.kind is not Kind.DIR:
                    _add_other(plan, others, tree, node, occurrence)
                elif entry.path:
                    plan.folders.append(entry)
    _sort_in(plan, others, options or ExtractionOptions())
    plan.parents = _parents(plan.roots)
    plan.files = sorted(_files(groups), key=lambda file: _position(tree, file.occurrence))
    plan.size = sum(map(tree.own_size, groups))
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


def _add_other(plan: ExtractionPlan, groups: _Groups, tree: LayeredTree, node: int, occurrence: int) -> None:
    """Add a symlink, pipe or device, or another name of one, to the group of its occurrence."""
    target = tree.linked(occurrence)
    if target < 0 or tree.kind(target) is Kind.DIR:
        plan.left_out.append(LeftOut(tree.index.path(node), "the target of this hard link is not in the image"))
    else:
        groups.setdefault(target, []).append((occurrence, tree.entry_of(target, node)))


def _sort_in(plan: ExtractionPlan, groups: _Groups, options: ExtractionOptions) -> None:
    """Put symlinks, pipes and devices into the plan, each once, with its other names."""
    for entry, links in _each_once(groups):
        if reason := _reason_to_leave_out(entry, options):
            plan.left_out += [LeftOut(path, reason) for path in (entry.path, *links)]
        else:
            plan.others.append(PlannedOther(entry, links))


def _reason_to_leave_out(entry: FileEntry, options: ExtractionOptions) -> str | None:
    if entry.kind in _DEVICES and not options.devices:
        return "it is a device"
    if entry.kind is Kind.SYMLINK and not entry.link:
        return "it is a symlink to nothing"
    return None


def _files(groups: _Groups) -> Iterator[PlannedFile]:
    for file, (entry, links) in zip(groups, _each_once(groups), strict=True):
        yield PlannedFile(file, entry, links)


def _each_once(groups: _Groups) -> Iterator[tuple[FileEntry, tuple[bytes, ...]]]:
    """Yield each group once, at its own path or, if that is not selected, at its first link."""
    for occurrence, members in groups.items():
        entries = sorted(members, key=lambda member: (member[0] != occurrence, member[1].path))
        yield entries[0][1], tuple(entry.path for _, entry in entries[1:])


def _position(tree: LayeredTree, file: int) -> tuple[int, int]:
    layer = tree.index.layers[file]
    return layer, tree.tables[layer].data_offsets[tree.index.rows[file]]
