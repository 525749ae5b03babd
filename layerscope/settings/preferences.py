"""The settings that count: config.toml before what is remembered before the defaults; and where both files are.

The state file has what was changed on the screens, and what was opened last. A damaged one is ignored.
"""

import os
import tempfile
import time
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
import platformdirs
from msgspec import Struct
from msgspec.structs import asdict, replace

from layerscope.settings.config_file import read_config
from layerscope.settings.settings import OPTIONS, Settings

CONFIG_VARIABLE, STATE_VARIABLE = "LAYERSCOPE_CONFIG_DIR", "LAYERSCOPE_STATE_DIR"
"""Environment variables with other folders than the usual ones."""

_PROGRAM = "layerscope"
_MOST_RECENT = 20
_LARGEST = 1 << 20


class Recent(Struct, frozen=True):
    """Something that was opened, at a time in seconds since 1970; a path is absolute."""

    reference: str
    opened: float


class State(Struct, frozen=True, omit_defaults=True):
    """The remembered settings; None for a setting that was not changed on a screen."""

    theme: str | None = None
    sort: str | None = None
    columns: tuple[str, ...] | None = None
    recent: tuple[Recent, ...] = ()

    def with_recent(self, recent: Recent) -> "State":
        """Return the state with something opened just now, which is listed once."""
        others = [each for each in self.recent if each.reference != recent.reference]
        return replace(self, recent=(recent, *others)[:_MOST_RECENT])


def read_state(path: Path) -> State:
    """Return what the file remembers; nothing if there is none, or it is damaged."""
    with suppress(OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError), path.open("rb") as file:
        return msgspec.json.decode(file.read(_LARGEST), type=State)
    return State()


def write_state(path: Path, state: State) -> None:
    """Write the file, whole or not at all and for this user only; where that cannot be done, nothing is remembered.

    Nothing is written into a folder of another user: with sudo, HOME may be theirs.
    """
    with suppress(OSError):
        existing = next(folder for folder in path.parents if folder.exists())
        if existing.stat().st_uid != os.geteuid():
            return
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(state))
            Path(temporary).replace(path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise


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
            self.settings = replace(self.settings, **different)
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
    settings = Settings(**values)
    return Preferences(settings, origins, config.problems, state.recent, config_path, state_path)


def _settings_in(state: State) -> dict[str, Any]:
    """Return the settings that a state has; it may be of another version, or changed by hand."""
    stated = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(state).items()}
    read = {option.name: option.read(stated[option.name]) for option in OPTIONS if stated.get(option.name) is not None}
    return {name: value for name, value in read.items() if value is not None}
