"""The settings, and where their values come from, as a document and for people."""

from pathlib import Path
from typing import Any, TextIO

from msgspec import Struct

from layerscope.report.json_document import Document, write_document
from layerscope.report.tables import Grid, GridColumn, Line, show
from layerscope.settings.preferences import Preferences
from layerscope.text import printable_line, printable_name


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


def write_settings_table(preferences: Preferences, file: TextIO) -> None:
    """Print the paths of both files, and a row for each setting."""
    file.writelines((_path_line("settings", preferences.config_path), _path_line("state", preferences.state_path)))
    grid = Grid(GridColumn("setting"), GridColumn("from"), GridColumn("value", is_flexible=True))
    for name, origin in preferences.origins.items():
        value = printable_line(_text(getattr(preferences.settings, name)))
        grid.add_row(name, origin.value, Line(value, is_folded=True))
    show([grid], file)


def _path_line(title: str, path: Path) -> str:
    return f"{title}: {printable_name(str(path))}{'' if path.exists() else ' (does not exist)'}\n"


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{name} = {keys}" for name, keys in value.items()) or "none"
    return "as the screen has room" if value is None else str(value)
