"""The packages that each layer brought, upgraded, downgraded and removed: each database beside its state before."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from itertools import zip_longest
from typing import NamedTuple

from layerscope.analysis.content import Prefixes
from layerscope.analysis.packages.final_files import LARGEST_TOTAL, LayerFiles, ParseBudget, needed_size
from layerscope.analysis.packages.package import BrokenDatabase, Identity, Package, PackageManager
from layerscope.analysis.packages.sizes import FIRST_BYTES, MANAGERS
from layerscope.analysis.packages.versions import version_key
from layerscope.analysis.search.path_patterns import matching_nodes
from layerscope.analysis.tree.layered_tree import LayeredTree

_MOST_LINES = 8_000_000
"""The lines that are parsed of the databases of all layers."""


class PackageChangeKind(StrEnum):
    """The change that a layer made to a package."""

    ADDED = "added"
    UPGRADED = "upgraded"
    DOWNGRADED = "downgraded"
    REMOVED = "removed"

    @property
    def mark(self) -> str:
        return _MARKS[self]


_MARKS = dict(zip(PackageChangeKind, "+↑↓-", strict=True))


class PackageEvent(NamedTuple):
    """A change of a package; ``dead`` are its files, by occurrence, that the layer hid and that still ship."""

    layer: int
    manager: str
    name: str
    change: PackageChangeKind
    before: str | None
    after: str | None
    dead_size: int
    dead: tuple[int, ...]


class PackageHistory(NamedTuple):
    """The events of all layers, base first; ``layers`` has the one that brought a package, by manager and identity.

    ``unread`` databases could not be read at some layer, which then counts as one that left them as they were.
    """

    events: tuple[PackageEvent, ...]
    layers: Mapping[tuple[str, Identity], int]
    unread: tuple[bytes, ...]


class _Change(NamedTuple):
    """The packages of one name that a layer's databases have no longer, and those that they have in their place."""

    before: list[Package]
    after: list[Package]


def package_history(
    tree: LayeredTree, prefixes: Prefixes, last: int | None = None, managers: Sequence[PackageManager] = MANAGERS
) -> PackageHistory:
    """Return what the layers up to the ``last`` did to packages; the bytes of all databases are asked for at once."""
    databases = _Databases(tree, prefixes)
    events, layers = list[PackageEvent](), dict[tuple[str, Identity], int]()
    for manager in managers:
        by_layer: dict[int, dict[str, _Change]] = {}
        for node in manager.database_nodes(tree):
            for layer, before, after in databases.states(manager, node, last):
                changes = by_layer.setdefault(layer, {})
                for identity in before.keys() ^ after.keys():
                    package = before.get(identity) or after[identity]
                    change = changes.setdefault(manager.canonical_name(package.name), _Change([], []))
                    (change.before if identity in before else change.after).append(package)
                layers.update(((manager.name, identity), layer) for identity in after.keys() - before.keys())
        for layer, changes in by_layer.items():
            events += _events(databases.files(layer - 1), layer, manager, changes)
    events.sort(key=lambda event: (event.layer, event.manager, event.name))
    return PackageHistory(tuple(events), layers, tuple(dict.fromkeys(databases.unread)))


class _Databases:
    """The databases of all layers, hidden ones too."""

    def __init__(self, tree: LayeredTree, prefixes: Prefixes) -> None:
        self._tree = tree
        self._budget = ParseBudget(_MOST_LINES)
        self.unread: list[bytes] = []
        self._contents, left = dict[int, bytes | None](), LARGEST_TOTAL
        for most, patterns in FIRST_BYTES.items():
            wanted = list[int]()
            for node in matching_nodes(tree.index, patterns):
                for file in filter((-1).__ne__, map(tree.file_behind, tree.index.occurrences(node))):
                    size = needed_size(tree.own_size(file), most)
                    if size <= min(most, left):
                        left -= size
                        wanted.append(file)
            self._contents |= prefixes(wanted, most) if wanted else {}

    def files(self, layer: int) -> LayerFiles:
        return LayerFiles(self._tree, layer, self._read, self._budget)

    def _read(self, files: Sequence[int], _size: int) -> dict[int, bytes | None]:
        return {file: self._contents.get(file) for file in files}

    def states(
        self, manager: PackageManager, node: int, last: int | None
    ) -> Iterator[tuple[int, dict[Identity, Package], dict[Identity, Package]]]:
        """Yield each layer that wrote or removed a database, with its packages before and after, by identity."""
        index, before = self._tree.index, dict[Identity, Package]()
        for occurrence in index.occurrences(node):
            layer = index.layers[occurrence]
            after = self._state(manager, node, self._tree.file_behind(occurrence))
            if after is None or (last is not None and layer > last):
                continue
            yield layer, before, after
            before = after

    def _state(self, manager: PackageManager, node: int, file: int) -> dict[Identity, Package] | None:
        if file < 0:
            return {}
        path, data = self._tree.index.path(node), self._contents.get(file)
        with suppress(BrokenDatabase):
            packages = [] if data is None else list(manager.read(path, data, self._budget))
            if data is not None and not self._budget.is_spent:
                return {package.identity: package for package in packages}
        self.unread.append(path)
        return None


def _events(
    files: LayerFiles, layer: int, manager: PackageManager, changes: Mapping[str, _Change]
) -> Iterator[PackageEvent]:
    """Yield what a layer did to the packages of a manager, given the files before it."""
    gone = manager.with_paths(files, [package for change in changes.values() for package in change.before])
    dead, taken = dict[Identity, list[int]](), set[int]()
    for package in gone:
        own = dict.fromkeys(file for file in _files(files, package) if file not in taken)
        dead[package.identity] = [file for file in own if files.tree.index.carrier(file, layer) < 0]
        taken.update(own)
    for name in sorted(changes):
        for old, new in _pairs(*changes[name], manager.name):
            named = new or old
            if named is not None:
                own_dead = dead.get(old.identity, []) if old else []
                yield PackageEvent(
                    layer,
                    manager.name,
                    named.name,
                    _kind(old, new),
                    old and old.version,
                    new and new.version,
                    sum(map(files.tree.own_size, own_dead)),
                    tuple(own_dead),
                )


def _pairs(
    before: Sequence[Package], after: Sequence[Package], manager: str
) -> Iterator[tuple[Package | None, Package | None]]:
    """Yield the packages of one name before and after, in the order of versions, without those that only moved."""
    olds, news = (
        sorted(_unmatched(packages, others), key=lambda package: version_key(package.version, manager))
        for packages, others in ((before, after), (after, before))
    )
    return zip_longest(olds, news)


def _unmatched(packages: Iterable[Package], others: Iterable[Package]) -> Iterator[Package]:
    """Yield the packages without one of the others for each that has the same version."""
    matched = Counter(package.version for package in others)
    for package in packages:
        matched[package.version] -= 1
        if matched[package.version] < 0:
            yield package


def _files(files: LayerFiles, package: Package) -> Iterable[int]:
    """Yield the files at the package's paths and, if it owns folders, those below its paths."""
    for path in package.paths:
        file = files.file(path)
        if file is not None:
            yield file
        elif package.owns_folders:
            yield from files.files_below(path)


def _kind(old: Package | None, new: Package | None) -> PackageChangeKind:
    if old is None or new is None:
        return PackageChangeKind.ADDED if old is None else PackageChangeKind.REMOVED
    is_older = version_key(new.version, new.manager) < version_key(old.version, old.manager)
    return PackageChangeKind.DOWNGRADED if is_older else PackageChangeKind.UPGRADED
