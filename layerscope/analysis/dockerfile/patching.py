"""Changes to instructions, applied to the Dockerfile that they came from; and the patch that does so."""

import re
from collections.abc import Iterable, Sequence
from difflib import unified_diff

from layerscope.analysis.advice.edits import Edits, InstructionEdit
from layerscope.analysis.dockerfile.parser import Instruction
from layerscope.analysis.dockerfile.placed import PlacedDockerfile

_CONTINUATION = "\\\n"
_CRLF = "\r\n"
_NO_END = "\\ No newline at end of file"


class EditedDockerfile:
    """The text of a Dockerfile under change, instruction by instruction; one that goes away has no text."""

    def __init__(self, placed: PlacedDockerfile) -> None:
        self._placed = placed
        self._texts: dict[int, str | None] = {}

    def apply(self, edits: Edits) -> bool:
        """Apply all edits of one piece of advice; return False, and change nothing, if one cannot be applied."""
        texts = dict(self._texts)
        lines = [self._placed.line_of_layer.get(edit.layer, 0) for edit in edits]
        changed_ones = [self._placed.instructions.get(line) for line in lines]
        # a command may move only to an instruction with the same mounts
        if len({one.flags for one in changed_ones if one}) > 1:
            return False
        for edit, instruction in zip(edits, changed_ones, strict=True):
            if instruction is None or instruction.keyword == "FROM":
                return False
            text = texts.get(instruction.line, self._placed.dockerfile.text(instruction))
            changed = None if text is None else self._edited(instruction, text, edit)
            if changed is None:
                return False
            texts[instruction.line] = changed or None
        self._texts = texts
        return bool(edits)

    def _edited(self, instruction: Instruction, text: str, edit: InstructionEdit) -> str | None:
        """Return the text after an edit, empty if the instruction goes away, or None if the edit does not fit."""
        escape = self._placed.dockerfile.escape
        new = edit.new.replace(_CONTINUATION, f"{escape}\n")
        if not edit.old:
            is_closed = instruction.heredocs or instruction.words is not None
            # another piece of advice may have added the same command
            return None if is_closed else text if new in text else text.rstrip() + new
        if edit.old == edit.before and not new:
            return ""
        # a line of the history has one space where the Dockerfile may have a continued line
        gap = rf"(?:\s|{re.escape(escape)}[ \t]*\n)+"
        keyword, flags = instruction.keyword, "".join(f"{flag} " for flag in instruction.flags)
        words = [re.escape(word) for word in edit.old.split()]
        if edit.old.startswith(f"{keyword} ") and new.startswith(f"{keyword} "):
            # the history leaves the options out, which stay in front
            words[1:1] = map(re.escape, instruction.flags)
            new = f"{keyword} {flags}{new.removeprefix(keyword).lstrip()}"
        end = gap if edit.old[-1:].isspace() else ""
        found = list(re.finditer(gap.join(words) + end, text))
        return text[: found[0].start()] + new + text[found[0].end() :] if len(found) == 1 else None

    def lines(self) -> list[str]:
        """Return the lines of the Dockerfile with all changes, and with their ends."""
        lines = list(self._placed.dockerfile.stored)
        end = _CRLF if any(line.endswith(_CRLF) for line in lines) else "\n"
        for line in sorted(self._texts, reverse=True):
            text, last = self._texts[line], self._placed.instructions[line].last_line
            changed = [] if text is None else [f"{part}{end}" for part in text.split("\n")]
            if changed and not lines[last - 1].endswith("\n"):
                changed[-1] = changed[-1].removesuffix(end)
            lines[line - 1 : last] = changed
        return lines


def patch_of(placed: PlacedDockerfile, changes: Iterable[Edits]) -> str:
    """Return the patch for all changes that can be applied, as ``git apply`` takes it; empty if none can be."""
    edited = EditedDockerfile(placed)
    for edits in changes:
        edited.apply(edits)
    return patch_between(placed.dockerfile.stored, edited.lines(), placed.path, placed.path)


def patch_between(old: Sequence[str], new: Sequence[str], old_name: str | None, new_name: str) -> str:
    """Return the patch between the lines of two texts, with their ends; without an old name, it makes a file."""
    diff = unified_diff(old, new, f"a/{old_name}" if old_name else "/dev/null", f"b/{new_name}")
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_END}\n" for line in diff)
