"""All layers of an image at once: what any path is after any layer, made from the path index and the layers' tables."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.overlay import GONE, IMPLIED
from layerscope.analysis.tree.path_index import PathIndex
from layerscope.model.entries import EntryTable, FileEntry, Kind


@dataclass(frozen=True, slots=True)
class TreeRow:
    """A path as a tree shows it at one layer; of a removed one, ``entry`` is what it was."""

    node: int
    entry: FileEntry
    change: ChangeKind


@dataclass(frozen=True, slots=True)
class LayeredTree:
    """The path index over the tables of the layers that have been read; ``layers`` are their numbers, ascending."""

    index: PathIndex
    tables: Mapping[int, EntryTable]
    layers: tuple[int, ...]

    def is_present(self, node: int, layer: int) -> bool:
        """Tell whether the merged tree at the layer has the node."""
        found = self.index.occurrence(node, layer)
        return found >= 0 and self.index.rows[found] != GONE

    def is_shown(self, node: int, layer: int) -> bool:
        """Tell whether the tree of the layer shows the node: it is present, or that very layer removed it."""
        found = self.index.occurrence(node, layer)
        return found >= 0 and (self.index.rows[found] != GONE or self.index.layers[found] == layer)

    def is_directory(self, node: int, layer: int) -> bool:
        """Tell whether the node is a directory at the layer, or was one when that layer removed it."""
        found = self._standing(node, layer)
        return found >= 0 and self.kind(found) is Kind.DIR

    def row(self, node: int, layer: int) -> TreeRow | None:
        """Return the node as the tree of the layer shows it, or None where it does not."""
        if not self.is_shown(node, layer):
            return None
        return TreeRow(node, self.entry_of(self._standing(node, layer), node), self.index.change(node, layer))

    def rows(self, layer: int) -> Iterator[TreeRow]:
        """Yield what the tree of the layer shows, in preorder, without the root."""
        for node in range(1, len(self.index)):
            row = self.row(node, layer)
            if row is not None:
                yield row

    def entry(self, node: int, layer: int) -> FileEntry | None:
        """Return what the node is in the merged tree at the layer, or None where it is not there."""
        found = self.index.occurrence(node, layer)
        return self.entry_of(found, node) if found >= 0 and self.index.rows[found] != GONE else None

    def entry_of(self, occurrence: int, node: int) -> FileEntry:
        """Return what an occurrence that is no removal wrote at the node."""
        row, layer, path = self.index.rows[occurrence], self.index.layers[occurrence], self.index.path(node)
        if row == IMPLIED:
            return FileEntry(path, Kind.DIR, layer=layer)
        return self.tables[layer].entry(row, path, layer)

    def kind(self, occurrence: int) -> Kind:
        """Return what an occurrence that is no removal wrote."""
        row = self.index.rows[occurrence]
        return Kind.DIR if row == IMPLIED else Kind(self.tables[self.index.layers[occurrence]].kinds[row])

    def file_behind(self, occurrence: int) -> int:
        """Return the occurrence whose bytes this one shows: for a hard link, another's; -1 where that is nowhere."""
        if self.kind(occurrence) is not Kind.HARDLINK:
            return occurrence
        return self.index.link_targets.get(occurrence, -1)

    def size(self, node: int, layer: int) -> int:
        """Return the content bytes of a file, or below a directory, as the tree of the layer shows it."""
        found = self._standing(node, layer)
        if found < 0:
            return 0
        if self.kind(found) is Kind.DIR:
            removed = self.index.rows[self.index.occurrence(node, layer)] == GONE
            return self.index.size_below(node, layer - 1 if removed else layer)
        row = self.index.rows[found]
        return self.tables[self.index.layers[found]].sizes[row]

    def _standing(self, node: int, layer: int) -> int:
        """Return the last occurrence up to the layer that is no removal by that very layer."""
        found = self.index.occurrence(node, layer)
        if found >= 0 and self.index.rows[found] == GONE:
            return found - 1 if self.index.layers[found] == layer else -1
        return found
