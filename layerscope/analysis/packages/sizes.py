"""The size of each package of the final image."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from layerscope.analysis.content import ContentNeed
from layerscope.analysis.packages import apk, conda, dpkg, gem, npm, python_dist, rpm
from layerscope.analysis.packages.final_files import FinalFiles, needed_of_database, needed_of_databases
from layerscope.analysis.packages.package import BrokenDatabase, Package, PackageManager
from layerscope.analysis.search.path_patterns import PathMatcher, matching_nodes

MANAGERS = (
    PackageManager("dpkg", "deb", dpkg.DATABASES, dpkg.read, dpkg.LISTS, dpkg.listed),
    PackageManager("apk", "apk", apk.DATABASES, apk.read),
    PackageManager("rpm", "rpm", rpm.DATABASES, rpm.read),
    PackageManager("conda", "conda", conda.DATABASES, conda.read),
    PackageManager(
        "pip",
        "pypi",
        python_dist.DATABASES,
        python_dist.read,
        python_dist.LISTS,
        python_dist.parse_record,
        python_dist.canonical_name,
    ),
    PackageManager("gem", "gem", gem.DATABASES, gem.read),
    PackageManager("npm", "npm", npm.DATABASES, npm.read),
)
"""In order of precedence: a file that two packages own counts for the first."""

DATABASES_AND_LISTS = tuple(pattern for manager in MANAGERS for pattern in (*manager.databases, *manager.lists))
_DATABASE_PATHS = PathMatcher(DATABASES_AND_LISTS)


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


PACKAGES = ContentNeed(
    lambda path, size: needed_of_database(size) if _DATABASE_PATHS.matches(path) else 0,
    lambda files: needed_of_databases(files.live, matching_nodes(files.tree.index, DATABASES_AND_LISTS)),
)
"""The databases of packages."""


def find_packages(files: FinalFiles, manager: PackageManager) -> Iterator[Package]:
    """Yield the packages of a manager."""
    contents = files.read(map(files.tree.index.path, manager.database_nodes(files.tree)))
    found = list[Package]()
    for path, data in contents.items():
        is_broken = True
        with suppress(BrokenDatabase):
            found += manager.read(path, data, files.budget)
            is_broken = False
        if is_broken or files.budget.is_spent:
            files.unread.append(path)
    return manager.with_paths(files, found)


def package_sizes(files: FinalFiles, managers: Iterable[PackageManager] = MANAGERS) -> PackageSizes:
    """Return the sizes of the packages of the image; each file counts once."""
    taken: set[int] = set()
    sizes = []
    for manager in managers:
        for package in find_packages(files, manager):
            own = sorted(_positions(files, package) - taken)
            taken.update(own)
            sizes.append(PackageSize(package, sum(map(files.live.sizes.__getitem__, own)), tuple(own)))
    sizes.sort(key=lambda owned: (-owned.size, owned.package.manager, owned.package.name))
    unowned = sum(files.live.sizes) - sum(owned.size for owned in sizes)
    unread = [*filter(files.file, rpm.UNREAD), *files.unread]
    return PackageSizes(tuple(sizes), unowned, tuple(dict.fromkeys(unread)))


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
