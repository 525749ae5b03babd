"""Changes to instructions that can be said exactly: a part of one, or a command at its end."""

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from posixpath import commonprefix
from typing import NamedTuple

from layerscope.text import path_text

_MOST_PATHS = 4
"""The most paths that one command names; a longer one is no help to a reader."""

_CONTEXT, _LONG = 40, 80
"""Characters beside a change that a diff repeats, and the length from which on others are left out."""

_LONGEST = 2_000
"""Characters of an instruction in a diff: one may have a million."""

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
        return self.applied(self.before)

    def applied(self, instruction: str) -> str:
        """Return an instruction, which other edits may have changed already, with this change."""
        return instruction.replace(self.old, self.new, 1) if self.old else instruction + self.new


Edits = tuple[InstructionEdit, ...]


def new_instructions(edits: Edits) -> dict[int, tuple[str, str]]:
    """Return by layer each instruction before and after all edits of it."""
    texts: dict[int, tuple[str, str]] = {}
    for edit in edits:
        before, after = texts.get(edit.layer, (edit.before, edit.before))
        texts[edit.layer] = before, edit.applied(after)
    return texts


def combined_edits(changes: Sequence[Edits]) -> Iterator[tuple[Edits, Edits]]:
    """Yield, for each change, all edits of its instructions, and those of instructions that none before it changes."""
    # two pieces of advice may ask for the same command
    every = [*dict.fromkeys(edit for edits in changes for edit in edits)]
    # nothing else is to be done in an instruction that goes away
    gone = {edit.layer for edit in every if not edit.after}
    every = [edit for edit in every if edit.layer not in gone or not edit.after]
    seen = set[int]()
    for edits in changes:
        layers = {edit.layer for edit in edits}
        yield _edits_of(every, layers), _edits_of(every, layers - seen)
        seen |= layers


CHANGE_ABOVE = "The change is among those above."
"""Said of advice whose instructions earlier advice has shown with all edits."""


def changed_lines(changes: Sequence[Edits]) -> Iterator[list[str]]:
    """Yield, for each change, its instructions with all edits as `diff_lines`, without those that have been shown."""
    yield from (diff_lines(shown) for _, shown in combined_edits(changes))


def _edits_of(edits: Iterable[InstructionEdit], layers: set[int]) -> Edits:
    return tuple(edit for edit in edits if edit.layer in layers)


def diff_lines(edits: Edits) -> list[str]:
    """Return the edits as the lines of a diff, each with its mark: ``- RUN make``.

    Of a long instruction, only the part around the change is repeated.
    """
    lines: list[str] = []
    for before, after in new_instructions(edits).values():
        old, new = _around_change(before, after)
        lines += [f"{mark} {line}" for mark, text in (("-", old), ("+", new)) for line in text.splitlines()]
    return lines


def _around_change(before: str, after: str) -> tuple[str, str]:
    """Return two texts without most of what they have in common before and after the change, if that is much."""
    start = len(commonprefix([before, after]))
    end = len(commonprefix([before[start:][::-1], after[start:][::-1]]))
    # Between words, if there is a space among those characters.
    cut_start = before.find(" ", max(0, start - _CONTEXT), start) + 1
    last = before.rfind(" ", len(before) - end, len(before) - max(0, end - _CONTEXT))
    cut_end = 0 if last < 0 else len(before) - last
    keyword = before.partition(" ")[0]
    head = f"{keyword} … " if cut_start > _LONG else ""
    tail = " …" if cut_end > _LONG else ""
    first = cut_start if head else 0

    def part(text: str) -> str:
        middle = text[first : len(text) - (cut_end if tail else 0)]
        return f"{head}{middle[:_LONGEST]} …" if len(middle) > _LONGEST else f"{head}{middle}{tail}"

    return part(before), part(after)


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
