"""The size of each package of the final image."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from typing import NamedTuple

from layerscope.analysis.content import ContentNeed, ImageFiles
from layerscope.analysis.packages import apk, dpkg, languages, rpm
from layerscope.analysis.packages.final_files import LARGEST_FILE, FinalFiles, needed_of_databases, needed_size
from layerscope.analysis.packages.package import BrokenDatabase, Package, PackageManager
from layerscope.analysis.search.path_patterns import PathMatcher, matching_nodes

MANAGERS = (
    PackageManager("dpkg", "deb", dpkg.DATABASES, dpkg.read, dpkg.LISTS, dpkg.listed),
    PackageManager("apk", "apk", apk.DATABASES, apk.read),
    PackageManager("rpm", "rpm", rpm.DATABASES, rpm.read),
    PackageManager("conda", "conda", languages.CONDA_DATABASES, languages.read_conda),
    PackageManager(
        "pip",
        "pypi",
        languages.PYTHON_DATABASES,
        languages.read_python,
        languages.PYTHON_LISTS,
        languages.parse_record,
        languages.canonical_name,
    ),
    PackageManager("gem", "gem", languages.GEM_DATABASES, languages.read_gem),
    PackageManager("npm", "npm", languages.NPM_DATABASES, languages.read_npm),
    PackageManager("jar", "maven", languages.JAR_DATABASES, languages.read_jar, first_bytes=languages.JAR_FIRST_BYTES),
)
"""In order of precedence: a file that two packages own counts for the first."""

FIRST_BYTES = {
    most: tuple(
        pattern
        for manager in MANAGERS
        if manager.first_bytes == most
        for pattern in (*manager.databases, *manager.lists)
    )
    for most in (LARGEST_FILE, languages.JAR_FIRST_BYTES)
}
"""The patterns of databases and lists, by the number of first bytes that are read of each."""

_MATCHERS = [(PathMatcher(patterns), most) for most, patterns in FIRST_BYTES.items()]


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


def _needed_of_file(path: bytes, size: int) -> int:
    return next((most for matcher, most in _MATCHERS if needed_size(size, most) <= most and matcher.matches(path)), 0)


def _needed_of_image(files: ImageFiles) -> dict[int, int]:
    needed = dict[int, int]()
    for most, patterns in FIRST_BYTES.items():
        needed |= needed_of_databases(files.live, matching_nodes(files.tree.index, patterns), most)
    return needed


PACKAGES = ContentNeed(_needed_of_file, _needed_of_image, tuple(chain.from_iterable(FIRST_BYTES.values())))
"""The databases of packages."""


def find_packages(files: FinalFiles, manager: PackageManager) -> Iterator[Package]:
    """Yield the packages of a manager."""
    contents = files.read(map(files.tree.index.path, manager.database_nodes(files.tree)), manager.first_bytes)
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
    unread = [*(path for path in rpm.UNREAD if files.file(path) is not None), *files.unread]
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
