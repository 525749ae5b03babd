"""The settings that count: config.toml before what is remembered before the defaults; and where both files are."""

import os
import time
from enum import StrEnum
from pathlib import Path
from typing import Any

import platformdirs
from msgspec import Struct
from msgspec.structs import asdict, replace

from layerscope.settings.config_file import read_config
from layerscope.settings.settings import OPTIONS, Settings, with_values
from layerscope.settings.state_file import Recent, State, read_state, write_state

CONFIG_VARIABLE, STATE_VARIABLE = "LAYERSCOPE_CONFIG_DIR", "LAYERSCOPE_STATE_DIR"
"""Environment variables with other folders than the usual ones."""

_PROGRAM = "layerscope"


def config_file() -> Path:
    """Return the path of the settings that the user writes; layerscope only reads it."""
    return _folder(CONFIG_VARIABLE, "user_config_path") / "config.toml"


def state_file() -> Path:
    """Return the path of what is remembered from one run to the next."""
    return _folder(STATE_VARIABLE, "user_state_path") / "state.json"


def _folder(variable: str, usual: str) -> Path:
    if chosen := os.environ.get(variable):
        return Path(chosen)
    return Path(getattr(platformdirs, usual)(_PROGRAM, appauthor=False))


class ValueOrigin(StrEnum):
    """The place that a value comes from."""

    DEFAULT = "default"
    STATE = "state"
    CONFIG = "config.toml"


class Preferences(Struct):
    """The settings, the origin of each, what is wrong with config.toml, and what was opened last."""

    settings: Settings
    origins: dict[str, ValueOrigin]
    problems: list[str]
    recent: tuple[Recent, ...]
    config_path: Path
    state_path: Path

    def remember(self, **changed: Any) -> None:
        """Remember what was changed on a screen; what another run has remembered in the meantime stays."""
        different = {name: value for name, value in changed.items() if value != getattr(self.settings, name)}
        if different:
            self.settings = with_values(self.settings, different)
            write_state(self.state_path, replace(read_state(self.state_path), **different))

    def remember_opened(self, reference: str) -> None:
        state = read_state(self.state_path).with_recent(Recent(reference, time.time()))
        self.recent = state.recent
        write_state(self.state_path, state)


def load_preferences() -> Preferences:
    """Read both files; neither can make this fail."""
    config_path, state_path = config_file(), state_file()
    config, state = read_config(config_path), read_state(state_path)
    remembered = _settings_in(state)
    values = remembered | config.values
    origins = {option.name: ValueOrigin.DEFAULT for option in OPTIONS}
    origins |= dict.fromkeys(remembered, ValueOrigin.STATE) | dict.fromkeys(config.values, ValueOrigin.CONFIG)
    settings = with_values(Settings(), values)
    return Preferences(settings, origins, config.problems, state.recent, config_path, state_path)


def _settings_in(state: State) -> dict[str, Any]:
    """Return the settings that a state has; it may be of another version, or changed by hand."""
    stated = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(state).items()}
    read = {option.name: option.read(stated[option.name]) for option in OPTIONS if stated.get(option.name) is not None}
    return {name: value for name, value in read.items() if value is not None}
