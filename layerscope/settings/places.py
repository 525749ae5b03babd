"""The folders of the user's files: config.toml, and what is remembered."""

import os
from pathlib import Path

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
    import platformdirs  # noqa: PLC0415  # 8 ms, which a listing need not pay

    return Path(getattr(platformdirs, usual)(_PROGRAM, appauthor=False))
