"""The differences between the configs of two images."""

from collections.abc import Mapping
from typing import NamedTuple

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
