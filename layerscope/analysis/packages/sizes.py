"""The size of each package of the final image."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from layerscope.analysis.content import ContentNeed, ImageFiles
from layerscope.analysis.packages import apk, dpkg, npm, python_dist
from layerscope.analysis.packages.final_files import FinalFiles, needed_of_database, needed_of_databases
from layerscope.analysis.packages.package import Package, PackageManager
from layerscope.analysis.search.path_patterns import PathMatcher, matching_nodes, nodes_named
from layerscope.analysis.tree.layered_tree import LayeredTree

# reported, but not read, because no maintained library reads them without rpm itself
_RPM_FOLDERS = (b"var/lib/rpm", b"usr/lib/sysimage/rpm", b"usr/share/rpm")
_RPM_NAMES = (b"rpmdb.sqlite", b"Packages.db", b"Packages")


def _unread_rpm_databases(files: FinalFiles) -> Iterator[bytes]:
    """Yield the paths of RPM databases in the image."""
    for folder in _RPM_FOLDERS:
        for name in _RPM_NAMES:
            path = folder + b"/" + name
            if files.position(path) is not None:
                yield path


MANAGERS = (
    PackageManager("dpkg", "deb", dpkg.find_packages),
    PackageManager("apk", "apk", apk.find_packages),
    PackageManager("python", "pypi", python_dist.find_packages, python_dist.canonical_name),
    PackageManager("npm", "npm", npm.find_packages),
)
"""In order of precedence: a file that two packages own counts for the first."""


_DATABASES = (
    "var/lib/dpkg/status",
    "var/lib/dpkg/status.d/*",
    "var/lib/dpkg/info/*.list",
    "lib/apk/db/installed",
    "usr/lib/apk/db/installed",
    "**/*.dist-info/METADATA",
    "**/*.dist-info/RECORD",
)
_MANIFEST = b"package.json"
_DATABASE_PATHS = PathMatcher([*_DATABASES, f"**/{_MANIFEST.decode()}"])


class PackageSize(NamedTuple):
    """A package and the bytes of its files that exist; ``positions`` are theirs among the live files."""

    package: Package
    size: int
    positions: tuple[int, ...]


class PackageSizes(NamedTuple):
    """All packages, largest first; ``unowned`` bytes belong to none; ``unread`` databases were not read."""

    packages: tuple[PackageSize, ...]
    unowned: int
    unread: tuple[bytes, ...]


def _needed_of_image(files: ImageFiles) -> Mapping[int, int]:
    tree = files.tree
    manifests = (node for node in nodes_named(tree.index, _MANIFEST) if _is_of_package(tree, node))
    nodes = [*matching_nodes(tree.index, _DATABASES), *manifests]
    return needed_of_databases(files.live, nodes)


PACKAGES = ContentNeed(
    lambda path, size: needed_of_database(size) if _DATABASE_PATHS.matches(path) else 0, _needed_of_image
)
"""The databases of packages."""


def _is_of_package(tree: LayeredTree, node: int) -> bool:
    return npm.is_package_folder(tree.index.path(tree.index.parents[node]))


def package_sizes(files: FinalFiles, managers: Iterable[PackageManager] = MANAGERS) -> PackageSizes:
    """Return the sizes of the packages of the image; each file counts once."""
    taken: set[int] = set()
    sizes = []
    for manager in managers:
        for package in manager.find(files):
            own = sorted(_positions(files, package) - taken)
            taken.update(own)
            sizes.append(PackageSize(package, sum(map(files.live.sizes.__getitem__, own)), tuple(own)))
    sizes.sort(key=lambda owned: (-owned.size, owned.package.manager, owned.package.name))
    unowned = sum(files.live.sizes) - sum(owned.size for owned in sizes)
    return PackageSizes(tuple(sizes), unowned, (*_unread_rpm_databases(files), *dict.fromkeys(files.unread)))


def _positions(files: FinalFiles, package: Package) -> set[int]:
    """Return the files at the package's paths and, if it owns folders, those below its paths."""
    positions: set[int] = set()
    for path in package.paths:
        position = files.position(path)
        if position is not None:
            positions.add(position)
        elif package.owns_folders:
            positions.update(files.below(path))
    return positions
