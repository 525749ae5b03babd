"""What a user prefers: theme, sort, columns and keys, in ``settings.toml`` in the user's config folder.

The file is read when the explorer starts, and never written.
"""

import tomllib
from pathlib import Path

import msgspec

from layerscope.errors import UsageError

FILE_NAME = "settings.toml"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings, each with what holds where the file says nothing.

    ``columns`` counts the sets of attribute columns: 0 for none, 1 for mode and owner, 2 for times and layers too. ``keys``
    gives keys by the name of a binding, as the help lists them: ``{"explorer.sort": "ctrl+s"}``.
    """

    theme: str = "layerscope-dark"
    sort: str = "name"
    columns: int = 0
    keys: dict[str, str] = {}


def settings_path() -> Path:
    """Return where the settings are looked for."""
    from platformdirs import user_config_path  # noqa: PLC0415  # only the explorer asks

    return user_config_path("layerscope") / FILE_NAME


def read_settings(path: Path | None = None) -> Settings:
    """Return the user's settings; raises UsageError, with line or key, where the file is broken."""
    path = path or settings_path()
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Settings)
    except FileNotFoundError:
        return Settings()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
