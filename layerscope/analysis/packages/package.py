"""A package, and the interface of a package manager's databases."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from layerscope.analysis.packages.final_files import LARGEST_FILE, LayerFiles, ParseBudget
from layerscope.analysis.search.path_patterns import matching_nodes
from layerscope.analysis.tree.image_links import followed
from layerscope.analysis.tree.layered_tree import LayeredTree


class BrokenDatabase(Exception):
    """A database is not what its name says; what was read of it is kept."""


Identity = tuple[str, str, tuple[bytes, ...]]
"""The name and the version of a package, and what tells it from another of both: its list, or its folder."""


class Package(NamedTuple):
    """A package as its database states it, with relative paths; if it ``owns_folders``, also all files below them.

    ``lists`` are paths at which a file may be that lists its paths; the first one that exists does.
    """

    manager: str
    name: str
    version: str
    paths: tuple[bytes, ...] = ()
    owns_folders: bool = False
    lists: tuple[bytes, ...] = ()

    @property
    def identity(self) -> Identity:
        """The key among its manager's packages: one of another architecture has another list."""
        return self.name, self.version, self.lists or (self.paths if self.owns_folders else ())


def _no_paths(_lines: Iterable[bytes], _path: bytes) -> tuple[bytes, ...]:
    return ()


class PackageManager(NamedTuple):
    """A kind of package: its name, the type of its package URLs, and how its databases are read.

    ``databases`` and ``lists`` are patterns of paths. ``read`` yields the packages of the database at a path, given its
    bytes, and raises BrokenDatabase; ``listed`` returns the paths that a list at a path names, given its lines. Two
    names are of one package if their ``canonical_name`` is the same. The ``first_bytes`` of a database are enough.
    """

    name: str
    url_type: str
    databases: tuple[str, ...]
    read: Callable[[bytes, bytes, ParseBudget], Iterable[Package]]
    lists: tuple[str, ...] = ()
    listed: Callable[[Iterable[bytes], bytes], Iterable[bytes]] = _no_paths
    canonical_name: Callable[[str], str] = str
    first_bytes: int = LARGEST_FILE

    def database_nodes(self, tree: LayeredTree) -> list[int]:
        """Return the nodes at which any layer has a database, the deepest first: a nested package owns its files."""
        nodes = set(matching_nodes(tree.index, self.databases))
        last = tree.layers[-1] if tree.layers else 0
        linked = (followed(tree, last, path.encode()) for path in self.databases if "*" not in path)
        nodes.update(node for node in linked if node is not None)
        return sorted(nodes, key=lambda node: (-tree.index.depths[node], node))

    def with_paths(self, files: LayerFiles, packages: Iterable[Package]) -> Iterator[Package]:
        """Yield the packages with the paths that their lists name."""
        packages = list(packages)
        contents = files.read(path for package in packages for path in package.lists)
        for package in packages:
            path = next((path for path in package.lists if path in contents), None)
            # A list belongs to one package: a database with many of one name must not parse it for each of them.
            listed = files.budget.paths(self.listed(files.budget.lines(contents.pop(path)), path)) if path else ()
            if path and files.budget.is_spent:
                files.unread.append(path)
            yield package._replace(paths=listed, owns_folders=False) if listed else package
