"""The packages that an SBOM lists, compared with those that the package databases of the image state."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from layerscope.analysis.packages.package import Package, PackageManager
from layerscope.analysis.packages.sizes import MANAGERS
from layerscope.model.provenance import StatedPackage


class SbomDifference(NamedTuple):
    """A package in which SBOM and image differ: its version in each, None where it is missing."""

    manager: str
    name: str
    stated: str | None
    found: str | None


class SbomComparison(NamedTuple):
    """An SBOM of ``stated`` packages, compared with the image; ``matched`` packages of the image are in it.

    ``not_compared`` are the numbers of packages of a type (that of their URLs, empty without one) that layerscope does
    not look for.
    """

    stated: int
    matched: int
    differences: tuple[SbomDifference, ...]
    not_compared: Mapping[str, int]


@dataclass(slots=True)
class _Versions:
    """The versions of all packages of a name, which is written as it was first met."""

    name: str
    stated: set[str] = field(default_factory=set)
    found: set[str] = field(default_factory=set)


_ByName = dict[tuple[str, str], _Versions]
"""By manager and canonical name."""

_MANAGERS = {manager.name: manager for manager in MANAGERS}


def compare_sbom(stated: Collection[StatedPackage], found: Iterable[Package]) -> SbomComparison:
    """Return the differences between the packages of an SBOM and those of the image, by manager and name."""
    versions: _ByName = {}
    for package in found:
        _versions_of(versions, _MANAGERS[package.manager], package.name).found.add(package.version)
    not_compared = Counter[str]()
    for listed in stated:
        managers = _managers(listed, versions)
        for manager in managers:
            _versions_of(versions, manager, listed.name).stated.add(listed.version)
        if not managers:
            not_compared[listed.type] += 1
    differences = [each for key in sorted(versions) for each in _differences(key[0], versions[key])]
    matched = sum(len(_common(each)) for each in versions.values())
    return SbomComparison(len(stated), matched, tuple(differences), not_compared)


def _managers(listed: StatedPackage, versions: _ByName) -> list[PackageManager]:
    """Return the managers whose databases state a package: without a URL, those that have its name and version."""
    if listed.type:
        return [manager for manager in MANAGERS if manager.url_type == listed.type]
    own = ((manager, versions.get((manager.name, manager.canonical_name(listed.name)))) for manager in MANAGERS)
    return [manager for manager, known in own if known and listed.version in known.found]


def _versions_of(versions: _ByName, manager: PackageManager, name: str) -> _Versions:
    return versions.setdefault((manager.name, manager.canonical_name(name)), _Versions(name))


def _common(versions: _Versions) -> set[str]:
    """Return the versions that both have; the SBOM may state a package without its version."""
    return versions.found if "" in versions.stated else versions.stated & versions.found


def _differences(manager: str, versions: _Versions) -> Iterator[SbomDifference]:
    common = _common(versions)
    stated, found = sorted(versions.stated - common), sorted(versions.found - common)
    if common and "" in stated:
        stated.remove("")
    if len(stated) == len(found) == 1:
        yield SbomDifference(manager, versions.name, stated[0], found[0])
        return
    yield from (SbomDifference(manager, versions.name, version, None) for version in stated)
    yield from (SbomDifference(manager, versions.name, None, version) for version in found)
