"""A copy of a file of an image for programs of the user, and which programs these are."""

import os
import re
import shlex
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from layerscope.errors import LayerscopeError, UsageError
from layerscope.text import human_size

LARGEST_COPY = 256_000_000
"""A larger file is taken out with ``layerscope extract``, where its size is no surprise."""

_UNUSUAL = re.compile(rb"[^A-Za-z0-9._+-]")
_LONGEST_NAME = 100


class PrivateCopy:
    """A folder that only this user may enter, with one file in it; both go when it is closed."""

    def __init__(self, name: bytes) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="layerscope-")
        self.path = Path(self._folder.name) / _harmless(name)

    def write(self, chunks: Iterable[bytes]) -> None:
        """Write the file; raises LayerscopeError."""
        try:
            with self.path.open("xb") as copy:
                for chunk in chunks:
                    copy.write(chunk)
            # a program that minds this tells the user that there is nothing to save
            self.path.chmod(0o400)
        except OSError as error:
            raise LayerscopeError(f"no copy can be written to {self.path.parent}: {error.strerror}") from error

    def close(self) -> None:
        """Remove it."""
        self._folder.cleanup()


def _harmless(name: bytes) -> str:
    """Return a name that says as much as it safely can, its ending above all: programs go by it."""
    return _UNUSUAL.sub(b"_", name)[-_LONGEST_NAME:].decode("ascii").lstrip(".-") or "file"


def check_copied_size(size: int) -> None:
    """Raise UsageError where a file is too large to be copied in passing."""
    if size > LARGEST_COPY:
        raise UsageError(
            f"{human_size(size)} is more than the {human_size(LARGEST_COPY)} that are copied for another program:"
            " take the file out with layerscope extract"
        )


def user_command(variables: Sequence[str], default: str, environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return the words of the command that the first set of the variables names; raises UsageError.

    No shell reads it: it is split as one would, and that is all.
    """
    variable, text = next(((name, environment[name]) for name in variables if environment.get(name)), ("", default))
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"${variable} cannot be read as a command: {error}") from error
    if not words:
        raise UsageError(f"${variable} names no command")
    return words
