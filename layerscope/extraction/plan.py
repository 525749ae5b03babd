"""The plan of an extraction: everything to be written, in order."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.node_paths import NodePaths
from layerscope.extraction.metadata import LARGEST_ID
from layerscope.extraction.options import ExtractionOptions, LeftOut
from layerscope.model.entries import FileEntry, Kind

_DEVICES = (Kind.CHAR, Kind.BLOCK)
_LARGEST_MAJOR, _LARGEST_MINOR = (1 << 12) - 1, (1 << 20) - 1
"""https://man7.org/linux/man-pages/man3/makedev.3.html; larger numbers are cut or refused by the kernel."""

_NO_TARGET = "the target of this hard link is not in the image"

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
    foreign_owners: list[LeftOut] = field(default_factory=list)
    size: int = 0

    def leave_out(self, tree: LayeredTree, unreadable: Mapping[int, str]) -> None:
        """Move the files that could not be read to `left_out`; ``unreadable`` has the reasons by occurrence."""
        for file in self.files:
            if reason := unreadable.get(file.occurrence):
                self.size -= tree.own_size(file.occurrence)
                self.left_out += [LeftOut(path, reason, is_on_request=True) for path in (file.entry.path, *file.links)]
        self.files = [file for file in self.files if file.occurrence not in unreadable]


def plan_extraction(
    tree: LayeredTree,
    nodes: Iterable[int],
    layer: int,
    options: ExtractionOptions | None = None,
    *,
    is_incomplete: bool = False,
) -> ExtractionPlan:
    """Plan to write the nodes as they are after the layer, and everything below them.

    The target of a hard link may be missing without an error if the image ``is_incomplete``, and the user knows that.
    """
    plan, groups, others, paths = ExtractionPlan(), _Groups(), _Groups(), NodePaths(tree.index)
    for root in _outermost(tree, nodes):
        plan.roots.append(tree.index.path(root))
        for node in range(root, tree.index.ends[root]):
            if tree.is_present(node, layer):
                occurrence = tree.index.occurrence(node, layer)
                entry, file = tree.entry_at(occurrence, paths(node)), tree.file_behind(occurrence)
                if file >= 0:
                    groups.setdefault(file, []).append((occurrence, entry))
                elif entry.kind is not Kind.DIR:
                    target = tree.linked(occurrence)
                    if target < 0 or tree.kind(target) is Kind.DIR:
                        plan.left_out.append(LeftOut(entry.path, _NO_TARGET, is_on_request=is_incomplete))
                    else:
                        others.setdefault(target, []).append((occurrence, tree.entry_at(target, entry.path)))
                elif entry.path:
                    plan.folders.append(entry)
    options = options or ExtractionOptions()
    _sort_in(plan, others, options)
    plan.parents = _parents(plan.roots)
    plan.files = sorted(_files(groups), key=lambda file: _position(tree, file.occurrence))
    plan.size = sum(map(tree.own_size, groups))
    plan.foreign_owners = list(_foreign_owners(plan)) if options.owners else []
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


def _sort_in(plan: ExtractionPlan, groups: _Groups, options: ExtractionOptions) -> None:
    """Put symlinks, pipes and devices into the plan, each once, with its other names."""
    for entry, links in _each_once(groups):
        if reason := _reason_to_leave_out(entry, options):
            is_on_request = entry.kind in _DEVICES and not options.devices
            plan.left_out += [LeftOut(path, reason, is_on_request) for path in (entry.path, *links)]
        else:
            plan.others.append(PlannedOther(entry, links))


def _reason_to_leave_out(entry: FileEntry, options: ExtractionOptions) -> str | None:
    if entry.kind in _DEVICES and not options.devices:
        return "it is a device"
    if entry.kind in _DEVICES and not _is_device(entry):
        return "no system has its device numbers"
    if entry.kind is Kind.SYMLINK and not entry.link:
        return "it is a symlink to nothing"
    return None


def _is_device(entry: FileEntry) -> bool:
    major, minor = entry.device or (0, 0)
    return 0 <= major <= _LARGEST_MAJOR and 0 <= minor <= _LARGEST_MINOR


def _foreign_owners(plan: ExtractionPlan) -> Iterator[LeftOut]:
    """Yield the paths whose owner or group cannot be restored."""
    for entry in (*plan.folders, *(file.entry for file in plan.files), *(other.entry for other in plan.others)):
        if not (0 <= entry.uid <= LARGEST_ID and 0 <= entry.gid <= LARGEST_ID):
            yield LeftOut(entry.path, f"no system has the owner {entry.uid}:{entry.gid}")


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
