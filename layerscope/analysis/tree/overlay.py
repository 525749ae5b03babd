"""A stack of layers: from the entries of each layer to the changes that it makes to the merged tree below it.

The rules are those of the OCI image-spec:
https://github.com/opencontainers/image-spec/blob/main/layer.md#applying-changesets.
The result is a log of **occurrences**: one for each path that a layer wrote, implied or hid. Each path is stored once,
under an id in the order of discovery. Nothing is copied for a layer: it costs its own entries and the paths that it
hides, so 100 layers over a large base cost little more than one.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from msgspec import Struct, field

from layerscope.analysis.tree.change import GONE, IMPLIED, ChangeKind
from layerscope.analysis.tree.hard_links import resolve_links
from layerscope.analysis.tree.path_ids import PathIds, child_path
from layerscope.analysis.tree.tally import LayerTally, contradiction_warning, left_out_warning
from layerscope.model.entries import IMPLIED_PERMISSIONS, EntryTable, Kind, LayerEntries, OpaqueWhiteout

VOID = 255
"""The change of an occurrence that its own layer took back: it counts nowhere."""

_MOST_IMPLIED = 1_000_000
_MOST_IMPLIED_BYTES = 64 * 1024 * 1024
"""The most directories without an entry that an image may imply, and the most bytes in their paths.

An archive of 6 kB can name files in thousands of nested folders, each of which would cost a path of its own. Builders
that write no directories imply tens of thousands of them at most.
"""

_ROOT = 0
_NONE = -1
"""No path, or no occurrence."""


class _Emptied(Struct):
    """A folder whose children have been hidden: the last run of names before that, and the names written again."""

    last_run: int
    returned: list[int] = field(default_factory=list)


_NEVER = _Emptied(_NONE)


class Overlay:
    """A stack of layers, applied base first.

    ``ids`` has the paths. By path id, ``current`` is the latest occurrence of the path (-1: none yet). Columns by
    occurrence, in the order of layers: ``paths``, ``layers``, ``rows`` (a row of the layer's table, GONE or IMPLIED),
    ``changes``, ``befores`` (the previous occurrence of the path, or -1). ``hiding_occurrences`` lists the occurrences
    that hid a present one. ``whiteouts`` lists those that a whiteout of the path itself made, even if the layer also
    wrote the path. ``link_targets`` gives, for the occurrence of a hard link, the one that it names, which may
    be anything but a hard link. ``opaque_runs`` holds the occurrences that an opaque whiteout made and no other
    whiteout beside it: one range for each layer with such.

    ``_emptied`` has the folders whose children have all been hidden, so that a whiteout visits what it hides and
    nothing else.
    """

    def __init__(self) -> None:
        self.tables: dict[int, EntryTable] = {0: EntryTable()}
        self.ids = PathIds()
        self.current = array("i", [0])
        # the root is in itself, and is never hidden
        self._emptied = {_ROOT: _Emptied(self.ids.last_run(_ROOT))}
        self.paths = array("I", [_ROOT])
        self.layers = array("H", [0])
        self.rows = array("i", [IMPLIED])
        self.changes = bytearray([ChangeKind.UNCHANGED])
        self.befores = array("i", [_NONE])
        self.hiding_occurrences = array("I")
        self.whiteouts = array("I")
        self.link_targets: dict[int, int] = {}
        self.opaque_runs: list[range] = []
        self._layer = 0
        self._start = 1
        self._lost: list[int] = []
        self._left_out = 0
        self._contradicted: list[int] = []
        self._rows = self._runs = 0
        """The rows of the layer that have been written, and the runs of their paths."""
        self._implied_left = _MOST_IMPLIED
        self._implied_bytes_left = _MOST_IMPLIED_BYTES
        self._incomplete = False

    def apply(self, layer: int, entries: LayerEntries) -> LayerTally:
        """Put a layer on top, and return its tally; layers may be left out, but must come in order."""
        if self._layer != layer:
            self._begin(layer, entries.table)
            # Whiteouts hide lower layers only, wherever they are in the tar: they come before anything is written.
            for whiteout in entries.whiteouts:
                self._white_out(self.ids.find(whiteout.path))
            self._apply_opaque(entries.opaque_whiteouts)
        self._write_all(entries)
        resolve_links(self, self._start, entries.table)
        tally = self._tally(entries)
        self._incomplete = self._incomplete or entries.error is not None
        return tally

    def grow(self, layer: int, entries: LayerEntries) -> None:
        """Put the first layer down as far as it has been read, before it is applied with all of its entries.

        There is nothing below it that a whiteout, which may come last, could hide.
        """
        if self._layer != layer:
            self._begin(layer, entries.table)
        self._write_all(entries)

    def _begin(self, layer: int, table: EntryTable) -> None:
        self.tables[layer] = table
        self._layer, self._start, self._lost, self._left_out = layer, len(self.paths), [], 0
        self._contradicted = []
        self._rows = self._runs = 0

    def _apply_opaque(self, whiteouts: Sequence[OpaqueWhiteout]) -> None:
        """Hide what is below opaque directories, after the other whiteouts, so that a run holds only their own work."""
        first = len(self.paths)
        for opaque in whiteouts:
            self._remove_children(self.ids.find(opaque.directory))
        if len(self.paths) > first:
            self.opaque_runs.append(range(first, len(self.paths)))

    def _tally(self, entries: LayerEntries) -> LayerTally:
        changes, table = self.changes[self._start :], entries.table
        if entries.error and not (changes or len(table)):
            return LayerTally(self._layer, error=entries.error, rests_on_incomplete=self._incomplete)
        root = self.layers[self.current[_ROOT]] == self._layer
        return LayerTally(
            self._layer,
            len(table) - len(self._lost) - root,
            changes.count(ChangeKind.ADDED),
            changes.count(ChangeKind.MODIFIED),
            changes.count(ChangeKind.REMOVED),
            None if entries.error else sum(table.sizes) - sum(table.sizes[row] for row in self._lost),
            entries.error,
            self._incomplete,
            tuple(self._warnings(entries)),
        )

    def _warnings(self, entries: LayerEntries) -> Iterator[str]:
        yield from entries.warnings
        if self._left_out:
            yield left_out_warning(self._left_out, _MOST_IMPLIED, _MOST_IMPLIED_BYTES)
        if self._contradicted:
            yield contradiction_warning(self.ids.path(self._contradicted[0]), len(set(self._contradicted)) - 1)

    def _write_all(self, entries: LayerEntries) -> None:
        """Write the rows of the layer that have not been written, one run of names in a folder after the other.

        Most paths are new, and a million of them must not cost a call each: `_add_new` adds what follows from the order
        of their ids for many runs. Known names go through `_write`.
        """
        runs, row = entries.paths.runs(self._runs), self._rows
        while unusual := self.ids.add_runs(runs, entries.table.kinds, row, self._is_directory):
            start, (parent, folder, names, row) = row, unusual
            self._add_new(start, row)
            if parent == _NONE and (parent := self._directory(folder)) == _NONE:
                self._left_out += len(names)
                self._lost += range(row, row + len(names))
            elif self.ids.last_run(parent) == _NONE and len(set(names)) == len(names):
                # the first names in a folder that is only implied
                self._write_new(parent, folder, names, row + len(names))
            else:
                self._write_names(parent, folder, names, row)
            row += len(names)
        self._rows, self._runs = len(entries.table), entries.paths.run_count()
        self._add_new(row, self._rows)

    def _write_names(self, parent: int, folder: bytes, names: list[bytes], row: int) -> None:
        """Write the rows of names in a folder of which some are known, or come twice."""
        ids, kinds = self.ids.children(parent), self.tables[self._layer].kinds
        new: list[bytes] = []
        for at, name in enumerate(names, row):
            unused = len(self.ids) + len(new)
            path = ids.setdefault(name, unused)
            if path == unused:
                new.append(name)
                continue
            if new:
                self._write_new(parent, folder, new, at)
                new = []
            kind = kinds[at]
            self._write(path, at, kind)
            if kind == Kind.DIR:
                self.ids.folders.setdefault(child_path(folder, name), path)
        if new:
            self._write_new(parent, folder, new, row + len(names))

    def _write_new(self, parent: int, folder: bytes, names: list[bytes], end: int) -> None:
        """Write the rows of new names in a folder, the last of them before ``end``."""
        first, kinds = end - len(names), self.tables[self._layer].kinds
        directory = kinds.find(Kind.DIR, first, end)
        while directory >= 0:
            path = len(self.ids) + directory - first
            self.ids.folders[child_path(folder, names[directory - first])] = path
            directory = kinds.find(Kind.DIR, directory + 1, end)
        self.ids.add(parent, names)
        self._add_new(first, end)

    def _add_new(self, start: int, end: int) -> None:
        """Add the occurrences of new paths, the last that have an id, for the rows from ``start`` to before ``end``."""
        count, occurrence, path = end - start, len(self.paths), len(self.current)
        if count <= 0:
            return
        self.current.extend(range(occurrence, occurrence + count))
        self.paths.extend(range(path, path + count))
        self.layers.extend(array("H", [self._layer]) * count)
        self.rows.extend(range(start, end))
        self.changes += bytes([ChangeKind.ADDED]) * count
        self.befores.extend(array("i", [_NONE]) * count)

    def _write(self, path: int, row: int, kind: int) -> None:
        if path == _ROOT:
            self._write_root(row, kind)
            return
        if kind != Kind.DIR and self._is_directory(path):
            lost = len(self._lost)
            self._remove_children(path)
            if len(self._lost) > lost:
                self._contradicted.append(path)
        self._put(path, row)

    def _write_root(self, row: int, kind: int) -> None:
        """Take the metadata of the root, which is always a directory and is not a row of any tree."""
        if kind != Kind.DIR:
            self._lose(row)
            return
        self._put(_ROOT, row)
        self.changes[self.current[_ROOT]] = ChangeKind.UNCHANGED

    def _put(self, path: int, row: int) -> None:
        """Make the row the state of the path from this layer on."""
        occurrence = self.current[path]
        if occurrence >= 0 and self.rows[occurrence] == GONE:
            self._note_return(path)
        if occurrence >= self._start:
            self._lose(self.rows[occurrence])
        else:
            occurrence = self._push(path, occurrence)
        self.rows[occurrence] = row
        self.changes[occurrence] = self._change(occurrence)

    def _note_return(self, path: int) -> None:
        emptied = self._emptied.get(self.ids.parent(path))
        if emptied is not None:
            emptied.returned.append(path)

    def _push(self, path: int, before: int) -> int:
        """Append an occurrence of this layer and return it."""
        occurrence = len(self.paths)
        self.paths.append(path)
        self.layers.append(self._layer)
        self.rows.append(GONE)
        self.changes.append(ChangeKind.REMOVED)
        self.befores.append(before)
        self.current[path] = occurrence
        if before >= 0 and self.rows[before] != GONE:
            self.hiding_occurrences.append(occurrence)
        return occurrence

    def _lose(self, row: int) -> None:
        """Note that a row counts nowhere, because a later row of the same layer took its place."""
        if row >= 0:
            self._lost.append(row)

    def _change(self, occurrence: int) -> ChangeKind:
        """Return the change that an occurrence makes to the state before it."""
        before = self.befores[occurrence]
        if before < 0 or self.rows[before] == GONE:
            return ChangeKind.ADDED
        if self._kind(occurrence) == Kind.DIR and self._same_directory(occurrence, before):
            return ChangeKind.UNCHANGED
        return ChangeKind.MODIFIED

    def _same_directory(self, occurrence: int, before: int) -> bool:
        row, row_before = self.rows[occurrence], self.rows[before]
        if IMPLIED not in (row, row_before):
            return self._table(occurrence).same_metadata(row, self._table(before), row_before)
        return self._is_like_implied(occurrence) and self._is_like_implied(before)

    def _is_like_implied(self, occurrence: int) -> bool:
        row, table = self.rows[occurrence], self._table(occurrence)
        if row == IMPLIED:
            return True
        permissions = table.permission_sets[table.permissions[row]]
        return table.kinds[row] == Kind.DIR and permissions == IMPLIED_PERMISSIONS and row not in table.xattrs

    def _table(self, occurrence: int) -> EntryTable:
        return self.tables[self.layers[occurrence]]

    def _kind(self, occurrence: int) -> int:
        row = self.rows[occurrence]
        return Kind.DIR if row == IMPLIED else self._table(occurrence).kinds[row]

    def _is_present(self, path: int) -> bool:
        occurrence = self.current[path]
        return occurrence >= 0 and self.rows[occurrence] != GONE

    def _is_directory(self, path: int) -> bool:
        return self._is_present(path) and self._kind(self.current[path]) == Kind.DIR

    def _white_out(self, path: int) -> None:
        """Hide a path and everything below it, as its whiteout says."""
        if path <= _ROOT:
            return
        if self._is_present(path):
            self._hide(path)
            self._remove_children(path)
        if self.current[path] >= self._start:
            self.whiteouts.append(self.current[path])

    def _remove_children(self, path: int) -> None:
        folders = [path]
        while folders:
            for child in self._take_children(folders.pop()):
                if self._is_present(child):
                    self._hide(child)
                    folders.append(child)

    def _take_children(self, folder: int) -> Iterable[int]:
        """Return the paths in a folder that may be present, to hide them.

        A thousand layers that delete one folder visit each of them once and not a thousand times.
        """
        last_run, emptied = self.ids.last_run(folder), self._emptied.get(folder, _NEVER)
        if last_run == emptied.last_run and not emptied.returned:
            return ()
        self._emptied[folder] = _Emptied(last_run)
        return chain(emptied.returned, self.ids.added_after(emptied.last_run, folder))

    def _hide(self, path: int) -> None:
        occurrence = self.current[path]
        if occurrence < self._start:
            self._push(path, occurrence)
            return
        self._lose(self.rows[occurrence])
        before = self.befores[occurrence]
        was_there = before >= 0 and self.rows[before] != GONE
        self.rows[occurrence] = GONE
        self.changes[occurrence] = ChangeKind.REMOVED if was_there else VOID

    def _directory(self, path: bytes) -> int:
        """Return the id of a path that must be a directory; make it and its parents directories if they are not.

        Return _NONE if the image has implied too many directories already.
        """
        missing, size = list[bytes](), 0
        while (folder := self.ids.folders.get(path, _NONE)) == _NONE:
            above, _, name = path.rpartition(b"/")
            folder = self.ids.child(above, name)
            if folder != _NONE:
                break
            size += len(path)
            if len(missing) >= self._implied_left or size > self._implied_bytes_left:
                # Every further path would have to be cut into its folders only to be left out, too.
                self._implied_left = 0
                return _NONE
            missing.append(path)
            path = above
        if not self._imply(folder, len(missing)):
            return _NONE
        self._implied_bytes_left -= size
        self.ids.folders[path] = folder
        for new in reversed(missing):
            name = new.rpartition(b"/")[2]
            self.ids.folders[new] = len(self.ids)
            self.ids.add(folder, [name])
            folder = self.ids.folders[new]
            self.current.append(_NONE)
            self._put(folder, IMPLIED)
        return folder

    def _imply(self, path: int, more: int) -> bool:
        """Make a known path and its parents directories; one that is a directory already keeps its metadata.

        Return False if that, with ``more`` directories, would be too many.
        """
        missing = []
        while not self._is_directory(path):
            missing.append(path)
            path = self.ids.parent(path)
        if len(missing) + more > self._implied_left:
            return False
        self._implied_left -= len(missing) + more
        for folder in reversed(missing):
            if self.current[folder] >= self._start and self._is_present(folder):
                self._contradicted.append(folder)
            self._put(folder, IMPLIED)
        return True
