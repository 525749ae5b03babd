"""Builds the entries of layers by hand, and stacks them.

::

    stack = stacked(layer(file("a/b", size=3), directory("d")), layer(whiteout("a/b"), opaque("d")))
    assert stack.marks(2) == {"a/b": "-"}
"""

from dataclasses import dataclass

from msgspec.structs import replace

from layerscope.analysis.tree.change import GONE, IMPLIED, ChangeKind
from layerscope.analysis.tree.overlay import VOID, Overlay
from layerscope.analysis.tree.tally import LayerTally
from layerscope.model.entries import FileEntry, Kind, LayerEntries, OpaqueWhiteout, Whiteout, Xattrs

Item = FileEntry | Whiteout | OpaqueWhiteout


def file(path: str, size: int = 0, mode: int = 0o644) -> FileEntry:
    """Return a regular file."""
    return FileEntry(path.encode(), Kind.FILE, size, mode)


def directory(path: str, mode: int = 0o755, *, uid: int = 0, mtime: int = 0, xattrs: Xattrs = ()) -> FileEntry:
    """Return a directory."""
    return FileEntry(path.encode(), Kind.DIR, 0, mode, uid, 0, mtime, xattrs=xattrs)


def symlink(path: str, target: str) -> FileEntry:
    """Return a symlink."""
    return FileEntry(path.encode(), Kind.SYMLINK, mode=0o777, link=target.encode())


def hardlink(path: str, target: str) -> FileEntry:
    """Return a hard link to a path of the image."""
    return FileEntry(path.encode(), Kind.HARDLINK, mode=0o644, link=target.encode())


def whiteout(path: str) -> Whiteout:
    """Return what hides a path of the lower layers."""
    return Whiteout(path.encode())


def opaque(path: str) -> OpaqueWhiteout:
    """Return what hides all that the lower layers have below a directory."""
    return OpaqueWhiteout(path.encode())


def layer(*items: Item, error: str | None = None) -> LayerEntries:
    """Return a layer that holds the items, in their order."""
    entries = LayerEntries(error=error)
    for item in items:
        if isinstance(item, Whiteout):
            entries.whiteouts.append(item)
        elif isinstance(item, OpaqueWhiteout):
            entries.opaque_whiteouts.append(item)
        else:
            entries.table.append(item)
            entries.paths.append(item.path)
    return entries


@dataclass(frozen=True)
class Stack:
    """Layers, stacked, and what may be asked of them in a test."""

    overlay: Overlay
    tallies: tuple[LayerTally, ...]

    def marks(self, number: int) -> dict[str, str]:
        """Return the mark of each path that the layer changed."""
        overlay = self.overlay
        return {
            overlay.ids.path(overlay.paths[occurrence]).decode(): ChangeKind(change).mark
            for occurrence, change in enumerate(overlay.changes)
            if overlay.layers[occurrence] == number and change not in (ChangeKind.UNCHANGED, VOID)
        }

    def counts(self, number: int) -> tuple[int | None, int | None, int | None]:
        """Return how many paths the layer added, modified and removed, as its tally says."""
        tally = self.tallies[number - 1]
        return tally.added, tally.modified, tally.removed

    def entry(self, path: str) -> FileEntry | None:
        """Return what stands at the path after all layers, or None."""
        occurrence = self.overlay.current[self.overlay.ids.find(path.encode())]
        return None if occurrence < 0 else self._entry_of(occurrence)

    def _entry_of(self, occurrence: int) -> FileEntry | None:
        overlay = self.overlay
        number, row = overlay.layers[occurrence], overlay.rows[occurrence]
        path = overlay.ids.path(overlay.paths[occurrence])
        if row == GONE:
            return None
        if row == IMPLIED:
            return FileEntry(path, Kind.DIR, layer=number)
        return replace(overlay.tables[number].entry(row, path, number), row=None)

    def paths(self) -> list[str]:
        """Return what stands after all layers, without the root, in the order of names."""
        known = (self.overlay.ids.path(number).decode() for number in range(1, len(self.overlay.ids)))
        return sorted(path for path in known if self.entry(path))

    def shown_by(self, path: str) -> FileEntry | None:
        """Return the regular file whose bytes the hard link at the path shows, or None where there is none."""
        link = self.overlay.current[self.overlay.ids.find(path.encode())]
        target = self.overlay.link_targets.get(link)
        entry = None if target is None else self._entry_of(target)
        return entry if entry and entry.kind is Kind.FILE else None


def stacked(*layers: LayerEntries) -> Stack:
    """Stack the layers, base first."""
    overlay = Overlay()
    return Stack(overlay, tuple(overlay.apply(number, entries) for number, entries in enumerate(layers, start=1)))
