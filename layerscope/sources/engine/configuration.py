"""Configuration files of engines' command lines."""

from pathlib import Path
from typing import TypeVar

import msgspec

from layerscope.errors import EngineUnavailable
from layerscope.text import short_name

T = TypeVar("T")


def read_configuration(file: Path, kind: type[T]) -> T | None:
    """Return a JSON file's content, None where there is no such file; raises EngineUnavailable where it is invalid."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise EngineUnavailable(f"cannot read {short_name(str(file))}: {error.strerror or error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EngineUnavailable(f"{short_name(str(file))} is invalid: {error}") from error
