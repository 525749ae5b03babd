"""What each package of the final image weighs."""

from collections.abc import Iterable
from dataclasses import dataclass

from layerscope.analysis.packages import apk, dpkg, npm, python_dist, rpm
from layerscope.analysis.packages.final_files import FinalFiles
from layerscope.analysis.packages.package import Package, PackageManager

MANAGERS = (
    PackageManager("dpkg", dpkg.find_packages),
    PackageManager("apk", apk.find_packages),
    PackageManager("python", python_dist.find_packages),
    PackageManager("npm", npm.find_packages),
)
"""In this order they are asked; a file that two packages own is counted for the first."""


@dataclass(frozen=True, slots=True)
class PackageWeight:
    """A package and the bytes of those of its files that are there; ``places`` are theirs among the live files."""

    package: Package
    size: int
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PackageWeights:
    """All packages, the heaviest first; ``unowned`` bytes belong to none; ``unread`` are databases not read."""

    packages: tuple[PackageWeight, ...]
    unowned: int
    unread: tuple[bytes, ...]


def package_weights(files: FinalFiles, managers: Iterable[PackageManager] = MANAGERS) -> PackageWeights:
    """Return what the packages of the image weigh; each file counts once."""
    taken: set[int] = set()
    weights = []
    for manager in managers:
        for package in manager.find(files):
            own = sorted(_places(files, package) - taken)
            taken.update(own)
            weights.append(PackageWeight(package, sum(files.live.sizes[place] for place in own), tuple(own)))
    weights.sort(key=lambda each: (-each.size, each.package.manager, each.package.name))
    unowned = sum(files.live.sizes) - sum(weight.size for weight in weights)
    return PackageWeights(tuple(weights), unowned, tuple(rpm.unread_databases(files)))


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
