"""The ``config`` document: the settings, and where their values come from."""

from typing import Any, TextIO

from msgspec import Struct

from layerscope.report.json_document import Document, write_document
from layerscope.settings.preferences import Preferences


class SettingPart(Struct):
    """One setting; ``origin`` is "config.toml", "state" or "default"."""

    name: str
    value: Any
    origin: str


class SettingsDocument(Document, kw_only=True):
    """The whole document; ``problems`` are sentences about what config.toml gets wrong."""

    config_file: str
    state_file: str
    settings: list[SettingPart]
    problems: list[str]


def write_settings_document(preferences: Preferences, file: TextIO) -> None:
    """Write the document."""
    document = SettingsDocument(
        config_file=str(preferences.config_path),
        state_file=str(preferences.state_path),
        settings=[
            SettingPart(name, getattr(preferences.settings, name), origin.value)
            for name, origin in preferences.origins.items()
        ],
        problems=preferences.problems,
    )
    write_document(document, file)
