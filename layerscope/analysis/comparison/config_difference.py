"""What differs between the configs of two images: how a container starts, and what the image says of itself."""

from collections.abc import Mapping
from typing import NamedTuple

ConfigValue = str | tuple[str, ...]

ConfigFacts = Mapping[tuple[str, str | None], ConfigValue]
"""What a config states, by field and, where a field holds many, by name: ``("env", "PATH")``, ``("cmd", None)``."""


class ConfigChange(NamedTuple):
    """One field that differs; ``name`` tells which variable, label, port or volume. None: it is not stated."""

    field: str
    name: str | None
    before: ConfigValue | None
    after: ConfigValue | None


def config_differences(before: ConfigFacts, after: ConfigFacts) -> tuple[ConfigChange, ...]:
    """Return what differs, in the order of the fields and names as they come."""
    return tuple(
        ConfigChange(*key, before.get(key), after.get(key))
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key)
    )
