"""Changes to instructions that can be said exactly: a part of one, or a command at its end."""

import re
import shlex
from collections.abc import Iterable
from typing import NamedTuple

from layerscope.text import path_text

_MOST_PATHS = 4
"""The most paths that one command names; a longer one is no help to a reader."""

_NOT_CONTINUED = re.compile(r"RUN\s*\[|<<|[\n#]|[&;\\]\s*$")
"""A RUN that a command cannot be added to: in exec form, with a heredoc or a comment, or with an open end."""


class InstructionEdit(NamedTuple):
    """A change to the instruction of ``layer``: ``old``, a part of it, becomes ``new``.

    Without ``old``, ``new`` is added at the end. Edits are parts, so that several of them fit one instruction, and the
    line of a Dockerfile that it came from.
    """

    layer: int
    before: str
    old: str
    new: str

    @property
    def after(self) -> str:
        """The new instruction, with the line breaks of a Dockerfile; empty if the instruction goes away."""
        return self.before.replace(self.old, self.new, 1) if self.old else self.before + self.new


Edits = tuple[InstructionEdit, ...]


def can_be_continued(instruction: str) -> bool:
    """Return whether a command can be added at the end of a RUN."""
    return _NOT_CONTINUED.search(instruction) is None


def continued(layer: int, instruction: str | None, command: str | None) -> Edits:
    """Return the edit that ends a RUN with one more command; none without a RUN or a command."""
    if instruction is None or command is None:
        return ()
    return (InstructionEdit(layer, instruction, "", f" \\\n && {command}"),)


def replaced(layer: int, instruction: str | None, old: str, new: str) -> Edits:
    """Return the edit of a part of an instruction; none if the part is not there exactly once."""
    if instruction is None or instruction.count(old) != 1:
        return ()
    return (InstructionEdit(layer, instruction, old, new),)


def removed(layer: int, instruction: str) -> Edits:
    """Return the edit that takes an instruction away."""
    return (InstructionEdit(layer, instruction, instruction, ""),)


def deletion(paths: Iterable[bytes]) -> str | None:
    """Return the command that deletes paths, or None if it would be long or hard to read."""
    words = _shell_words(paths)
    return words and f"rm -rf {words}"


def deletion_below(folder: bytes, name: str) -> str | None:
    """Return the command that deletes all folders of a name below a folder that is not the root."""
    words = _shell_words([folder]) if folder else None
    return words and f"find {words} -name {name} -prune -exec rm -rf {{}} +"


def _shell_words(paths: Iterable[bytes]) -> str | None:
    texts = [path_text(path) for path in paths]
    is_readable = 0 < len(texts) <= _MOST_PATHS and all(text.isprintable() for text in texts)
    return shlex.join(texts) if is_readable else None
