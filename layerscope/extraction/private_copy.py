"""A copy of a file of an image for the user's pager or editor."""

import os
import re
import shlex
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack

from layerscope.errors import LayerscopeError, UsageError, os_reason
from layerscope.temporary import locked_folder
from layerscope.text import human_size

LARGEST_COPY = 256_000_000
"""The largest file that is copied; larger ones need ``layerscope extract``."""

_UNUSUAL = re.compile(rb"[^A-Za-z0-9._+-]")
_LONGEST_NAME = 100


class PrivateCopy:
    """A file in a folder that only this user may enter; both are removed when it is closed.

    Raises LayerscopeError if it cannot be written.
    """

    def __init__(self, name: bytes, chunks: Iterable[bytes]) -> None:
        with ExitStack() as stack:
            try:
                self.path = locked_folder(stack) / _harmless(name)
                with self.path.open("xb") as copy:
                    for chunk in chunks:
                        copy.write(chunk)
                # Most editors then tell the user that changes cannot be saved.
                self.path.chmod(0o400)
            except OSError as error:
                folder = tempfile.tempdir or "the temporary folder"
                raise LayerscopeError(f"cannot write a copy to {folder}: {os_reason(error)}") from error
            self._stack = stack.pop_all()

    def close(self) -> None:
        self._stack.close()


def _harmless(name: bytes) -> str:
    """Return a safe name that keeps the file extension, which programs rely on."""
    return _UNUSUAL.sub(b"_", name)[-_LONGEST_NAME:].decode("ascii").lstrip(".-") or "file"


def check_copied_size(size: int) -> None:
    """Raise UsageError if a file is too large to be copied."""
    if size > LARGEST_COPY:
        raise UsageError(
            f"a file of {human_size(size)} is too large to open in another program (the limit is"
            f" {human_size(LARGEST_COPY)}): use layerscope extract"
        )


def user_command(variables: Sequence[str], default: str, environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return the command in the first of the variables that is set, as words; raises UsageError.

    It is split into words as a shell would do, but not run by one.
    """
    variable, text = next(((name, environment[name]) for name in variables if environment.get(name)), ("", default))
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"${variable} cannot be read as a command: {error}") from error
    if not words:
        raise UsageError(f"${variable} is empty")
    return words
