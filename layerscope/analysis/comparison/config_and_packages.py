"""The differences between the configs, and between the packages, of two images."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from layerscope.analysis.tree.change import ChangeKind

ConfigValue = str | tuple[str, ...]

ConfigFacts = Mapping[tuple[str, str | None], ConfigValue]
"""The values of a config by field and, for a field with several, by name: ``("env", "PATH")``, ``("cmd", None)``."""


class ConfigChange(NamedTuple):
    """One field that differs; ``name`` is that of a variable, label, port or volume. None: the config has no value."""

    field: str
    name: str | None
    before: ConfigValue | None
    after: ConfigValue | None


def config_differences(before: ConfigFacts, after: ConfigFacts) -> tuple[ConfigChange, ...]:
    """Return the differences, in the order of the fields and names of the old config, then of the new one."""
    return tuple(
        ConfigChange(*key, before.get(key), after.get(key))
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key)
    )


PackageVersion = tuple[str, str, str]
"""Manager, name and version."""


class PackageChange(NamedTuple):
    """A package that was added, removed or changed; an image may have several versions of one package.

    ``layer`` of the new image brought the last of them; None if it has none, or if that is unknown.
    """

    manager: str
    name: str
    change: ChangeKind
    before: tuple[str, ...]
    after: tuple[str, ...]
    layer: int | None = None


def package_differences(old: Iterable[PackageVersion], new: Iterable[PackageVersion]) -> tuple[PackageChange, ...]:
    """Return the packages whose versions differ, by manager and name."""
    before, after = _versions(old), _versions(new)
    return tuple(
        PackageChange(*key, _change(before.get(key), after.get(key)), before.get(key, ()), after.get(key, ()))
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    )


def _versions(packages: Iterable[PackageVersion]) -> dict[tuple[str, str], tuple[str, ...]]:
    found: dict[tuple[str, str], set[str]] = {}
    for manager, name, version in packages:
        found.setdefault((manager, name), set()).add(version)
    return {key: tuple(sorted(versions)) for key, versions in found.items()}


def _change(before: tuple[str, ...] | None, after: tuple[str, ...] | None) -> ChangeKind:
    if before is None:
        return ChangeKind.ADDED
    return ChangeKind.REMOVED if after is None else ChangeKind.MODIFIED
