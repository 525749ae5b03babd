"""The ``config`` document: the settings, and where their values come from."""

from typing import Any, TypedDict

from layerscope.report.json_document import SCHEMA_VERSION
from layerscope.settings.preferences import Preferences


class SettingPart(TypedDict):
    """One setting; ``origin`` is "config.toml", "state" or "default"."""

    name: str
    value: Any
    origin: str


class SettingsDocument(TypedDict):
    """The whole document; ``problems`` are sentences about what config.toml gets wrong."""

    schema_version: int
    config_file: str
    state_file: str
    settings: list[SettingPart]
    problems: list[str]


def settings_document(preferences: Preferences) -> SettingsDocument:
    """Return the document."""
    return {
        "schema_version": SCHEMA_VERSION,
        "config_file": str(preferences.config_path),
        "state_file": str(preferences.state_path),
        "settings": [
            {"name": name, "value": getattr(preferences.settings, name), "origin": origin.value}
            for name, origin in preferences.origins.items()
        ],
        "problems": preferences.problems,
    }
