"""What each package of the final image weighs."""

from collections.abc import Iterable
from typing import NamedTuple

from layerscope.analysis.packages import apk, dpkg, npm, python_dist, rpm
from layerscope.analysis.packages.final_files import LARGEST_DATABASE, FinalFiles
from layerscope.analysis.packages.package import Package, PackageManager
from layerscope.analysis.search.path_patterns import matching, nodes_named
from layerscope.analysis.size.live import LiveFiles
from layerscope.analysis.tree.layered_tree import LayeredTree

MANAGERS = (
    PackageManager("dpkg", dpkg.find_packages),
    PackageManager("apk", apk.find_packages),
    PackageManager("python", python_dist.find_packages),
    PackageManager("npm", npm.find_packages),
)
"""In this order they are asked; a file that two packages own is counted for the first."""


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


class PackageSize(NamedTuple):
    """A package and the bytes of those of its files that are there; ``places`` are theirs among the live files."""

    package: Package
    size: int
    places: tuple[int, ...]


class PackageSizes(NamedTuple):
    """All packages, the heaviest first; ``unowned`` bytes belong to none; ``unread`` are databases not read."""

    packages: tuple[PackageSize, ...]
    unowned: int
    unread: tuple[bytes, ...]


def packages_wanted(tree: LayeredTree, live: LiveFiles) -> dict[int, int]:
    """Return which files, by occurrence, are likely to be read, and how many of their first bytes."""
    manifests = (node for node in nodes_named(tree.index, _MANIFEST) if _is_of_package(tree, node))
    nodes = [*matching(tree.index, _DATABASES), *manifests]
    return {live.occurrences[place]: LARGEST_DATABASE for node in nodes for place in live.below(node, node + 1)}


def _is_of_package(tree: LayeredTree, node: int) -> bool:
    return npm.is_package_folder(tree.index.path(tree.index.parents[node]))


def package_sizes(files: FinalFiles, managers: Iterable[PackageManager] = MANAGERS) -> PackageSizes:
    """Return what the packages of the image weigh; each file counts once."""
    taken: set[int] = set()
    sizes = []
    for manager in managers:
        for package in manager.find(files):
            own = sorted(_places(files, package) - taken)
            taken.update(own)
            sizes.append(PackageSize(package, sum(files.live.sizes[place] for place in own), tuple(own)))
    sizes.sort(key=lambda each: (-each.size, each.package.manager, each.package.name))
    unowned = sum(files.live.sizes) - sum(layer_size.size for layer_size in sizes)
    return PackageSizes(tuple(sizes), unowned, tuple(rpm.unread_databases(files)))


def _places(files: FinalFiles, package: Package) -> set[int]:
    """Return the files that the package's paths lead to; only what owns a folder whole has all below it."""
    found: set[int] = set()
    for path in package.paths:
        place = files.place(path)
        if place is not None:
            found.add(place)
        elif package.owns_folders:
            found.update(files.below(path))
    return found
