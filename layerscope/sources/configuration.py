"""The configuration of the command lines of engines, which tools for registries share: its folders and its files."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from layerscope.errors import SourceError, os_reason
from layerscope.text import printable_line, short_name

T = TypeVar("T")


def containers_folder() -> Path:
    """Return the folder in which podman and others of its kind have the configuration of the user."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config", "containers")


def docker_folder() -> Path:
    """Return the folder in which docker has the configuration of the user."""
    return Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")


def read_configuration(file: Path, kind: type[T], decode: Callable[..., Any] = msgspec.json.decode) -> T | None:
    """Return the content of a file, None if there is no such file; raises SourceError if it is invalid."""
    name = short_name(str(file))
    try:
        content: T = decode(file.read_bytes(), type=kind)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SourceError(f"cannot read {name}: {os_reason(error)}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # msgspec repeats no values, which may be secret, only what was expected and where
        raise SourceError(f"{name} is invalid: {printable_line(str(error))}") from error
    return content
