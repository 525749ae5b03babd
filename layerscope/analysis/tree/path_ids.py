"""The paths of a stack of layers, each under an id in the order of discovery."""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import chain, count, islice, repeat

from layerscope.model.columns import Ints
from layerscope.model.entries import Kind

_ROOT = 0
_NONE = -1
"""No path, or no run."""

_DIR = Kind.DIR.value

_FEW_RUNS = 4
"""Runs of a folder that are searched one after the other: a dictionary of its names takes ten times their memory."""


class PathIds:
    """The ids of paths.

    They are given in runs, as tars list the paths: names in one folder, with ids one after the other. Columns by run:
    ``_parents`` (the folder), ``_names`` (with zero bytes between them, which no name has), ``_firsts`` (the first id),
    and ``_previous`` (the previous run of the folder, or -1).

    ``folders`` has the id of each path that has ever been a directory, by path. Other names are found in the runs of
    their folder, of which ``_last_runs`` has the last. ``_children`` has the ids by name for folders with many runs,
    and for those where names were looked up.
    """

    def __init__(self) -> None:
        self.folders: dict[bytes, int] = {b"": _ROOT}
        # a tar that has the root names it in the root
        self._parents = array("I", [_ROOT])
        self._names = [b""]
        self._firsts = array("I", [_ROOT])
        self._previous = array("i", [_NONE])
        self._last_runs = {_ROOT: 0}
        self._children: dict[int, dict[bytes, int]] = {}
        self._count = 1

    def __len__(self) -> int:
        return self._count

    def find(self, path: bytes) -> int:
        """Return the id of a path, or -1 if it has none."""
        known = self.folders.get(path)
        if known is not None:
            return known
        folder, _, name = path.rpartition(b"/")
        return self.child(folder, name)

    def child(self, folder: bytes, name: bytes) -> int:
        """Return the id of a name in a folder, or -1 if it has none."""
        parent = self.folders.get(folder)
        return _NONE if parent is None else self.children(parent).get(name, _NONE)

    def children(self, folder: int) -> dict[bytes, int]:
        """Return the ids of all that a folder has ever held, by name."""
        known = self._children.get(folder)
        if known is None:
            known = self._children[folder] = {}
            run = self._last_runs.get(folder, _NONE)
            while run != _NONE:
                known.update(zip(self._names[run].split(b"\0"), count(self._firsts[run])))
                run = self._previous[run]
        return known

    def parent(self, path: int) -> int:
        return self._parents[self._run_of(path)]

    def path(self, path: int) -> bytes:
        names = []
        while path != _ROOT:
            run = self._run_of(path)
            names.append(self._names[run].split(b"\0")[path - self._firsts[run]])
            path = self._parents[run]
        return b"/".join(reversed(names))

    def parents(self) -> Ints:
        ends = chain(islice(self._firsts, 1, None), [self._count])
        counts = map(int.__sub__, ends, self._firsts)
        return array("I", chain.from_iterable(map(repeat, self._parents, counts)))

    def names(self) -> list[bytes]:
        return b"\0".join(self._names).split(b"\0")

    def last_run(self, folder: int) -> int:
        """Return the last run of a folder, or -1 if there has never been anything in it."""
        return self._last_runs.get(folder, _NONE)

    def added_after(self, run: int, folder: int) -> Iterator[int]:
        """Yield the ids of what has been added to a folder after a run."""
        for following in self._runs(folder, run):
            is_last = following + 1 == len(self._firsts)
            yield from range(self._firsts[following], self._count if is_last else self._firsts[following + 1])

    def add(self, folder: int, names: list[bytes]) -> None:
        """Give the next ids to new names in a folder."""
        if folder in self._children:
            self._children[folder].update(zip(names, count(self._count)))
        self._previous.append(self._last_runs.get(folder, _NONE))
        self._last_runs[folder] = len(self._names)
        self._parents.append(folder)
        self._names.append(b"\0".join(names))
        self._firsts.append(self._count)
        self._count += len(names)

    def add_runs(
        self, runs: Iterator[tuple[bytes, bytes]], kinds: bytearray, row: int, is_directory: Callable[[int], bool]
    ) -> tuple[int, bytes, list[bytes], int] | None:
        """Give the next ids to the names of runs, whose rows begin with ``row`` and have these ``kinds``.

        End at a run whose folder is not a directory, or has had one of the names, or gets one twice, and return that
        folder, the names, and the first row. A layer has hundreds of thousands of runs, and a call for each would take
        as long as all the rest.
        """
        folders, last_runs, children, find_kind = self.folders, self._last_runs, self._children, kinds.find
        add_parent, all_names, add_first = self._parents.append, self._names, self._firsts.append
        add_previous, first, path = self._previous.append, self._count, self._count
        for folder, joined in runs:
            names = joined.split(b"\0")
            parent = folders.get(folder, _NONE)
            # one that was added here is a directory
            if parent < first and (parent == _NONE or not is_directory(parent)):
                return _NONE, folder, names, row
            last_run, known = last_runs.get(parent, _NONE), children.get(parent)
            are_new = len(names) == 1 or len(set(names)) == len(names)
            if are_new and known is not None:
                if are_new := known.keys().isdisjoint(names):
                    known.update(zip(names, count(path)))
            elif are_new and last_run != _NONE:
                are_new = self._are_new(parent, names, last_run, path)
            if not are_new:
                return parent, folder, names, row
            last_runs[parent] = len(all_names)
            add_parent(parent)
            all_names.append(joined)
            add_first(path)
            add_previous(last_run)
            end = row + len(names)
            directory = row - 1
            while (directory := find_kind(_DIR, directory + 1, end)) >= 0:
                name = names[directory - row]
                folders[folder + b"/" + name if folder else name] = path + directory - row
            row, path = end, path + len(names)
            self._count = path
        return None

    def _are_new(self, folder: int, names: list[bytes], run: int, first: int) -> bool:
        """Return whether a folder, whose last run is given, has had none of the names.

        They are then about to get the ids from ``first`` on.
        """
        new = set(names)
        for _ in range(_FEW_RUNS):
            if not new.isdisjoint(self._names[run].split(b"\0")):
                return False
            run = self._previous[run]
            if run == _NONE:
                return True
        known = self.children(folder)
        if not known.keys().isdisjoint(names):
            return False
        known.update(zip(names, count(first)))
        return True

    def _runs(self, folder: int, after: int = _NONE) -> Iterator[int]:
        """Yield the runs of a folder, the last one first, back to that after another one."""
        run = self._last_runs.get(folder, _NONE)
        while run > after:
            yield run
            run = self._previous[run]

    def _run_of(self, path: int) -> int:
        return bisect_right(self._firsts, path) - 1


def child_path(folder: bytes, name: bytes) -> bytes:
    """Return the path of a name in a folder."""
    return folder + b"/" + name if folder else name
