r"""A Dockerfile as a list of instructions with their lines.

It splits lines as BuildKit does: continuations, with comments and empty lines inside, heredocs, and the ``escape``
directive. https://docs.docker.com/reference/dockerfile/ and
https://github.com/moby/buildkit/blob/master/frontend/dockerfile/parser/parser.go.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from json import JSONDecodeError, loads
from typing import NamedTuple

_DIRECTIVE = re.compile(r"#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*")
_BACKSLASH, _BACKTICK = "\\", "`"
_STORED_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_HOLD_HEREDOCS = frozenset({"ADD", "COPY", "RUN"})
_HEREDOC = re.compile(r"""(?<!\S)\d*<<(-?)(?:'([^'<\s]+)'|"([^"<\s]+)"|([^\s<"']+))(?!\S)""")
"""The start of a heredoc; a here-string has a third ``<``."""

_FLAG = re.compile(r"(--(?:[^\s\"']|\"[^\"]*\"|'[^']*')+)\s*")
_ONBUILD = "ONBUILD"


class Heredoc(NamedTuple):
    """A text that follows an instruction."""

    name: str
    text: str


@dataclass(frozen=True)
class Instruction:
    """One instruction: ``keyword`` in upper case, and ``text``, the rest of its line, all continuations joined.

    ``line`` and ``last_line`` count from 1 and include its heredocs.
    """

    line: int
    last_line: int
    keyword: str
    text: str
    heredocs: tuple[Heredoc, ...] = ()

    @cached_property
    def flags(self) -> tuple[str, ...]:
        """The options before the arguments: ``--from=build``."""
        return tuple(_split_flags(self.text)[0])

    @cached_property
    def arguments(self) -> str:
        return _split_flags(self.text)[1]

    @cached_property
    def words(self) -> list[str] | None:
        """The words of the JSON form, or None for the other forms."""
        if not self.arguments.startswith("["):
            return None
        try:
            words = loads(self.arguments)
        except (JSONDecodeError, RecursionError):
            return None
        return words if isinstance(words, list) and all(isinstance(word, str) for word in words) else None

    def flag(self, name: str) -> str | None:
        """Return the value of an option, or None if it is not given."""
        start = f"--{name}="
        values = [flag.removeprefix(start).strip("\"'") for flag in self.flags if flag.startswith(start)]
        return values[-1] if values else None


@dataclass(frozen=True)
class Dockerfile:
    """The lines of a Dockerfile and its instructions, in order; ``stored`` lines have their ends."""

    lines: tuple[str, ...]
    instructions: tuple[Instruction, ...]
    escape: str
    stored: tuple[str, ...]

    def text(self, instruction: Instruction) -> str:
        return "\n".join(self.lines[instruction.line - 1 : instruction.last_line])


def parse_dockerfile(text: str) -> Dockerfile:
    """Return the instructions of a Dockerfile. Every text has some reading: a line that is no instruction is kept."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    if lines[-1] == "":
        lines.pop()
    escape = _escape(lines)
    return Dockerfile(tuple(lines), tuple(_instructions(lines, escape)), escape, tuple(_STORED_LINE.findall(text)))


def _escape(lines: Sequence[str]) -> str:
    """Return the escape character; directives end at the first line that is not one."""
    for line in lines:
        match = _DIRECTIVE.fullmatch(line.strip())
        if match is None:
            break
        if match[1].lower() == "escape" and match[2] in (_BACKSLASH, _BACKTICK):
            return match[2]
    return _BACKSLASH


def _instructions(lines: Sequence[str], escape: str) -> Iterator[Instruction]:
    mark = re.escape(escape)
    continuation = re.compile(rf"(?:(?<=[^{mark}])|^){mark}[ \t]*$")
    at = 0
    while at < len(lines):
        first = at
        at += 1
        if not lines[first].strip() or lines[first].lstrip().startswith("#"):
            continue
        pieces, is_continued = _without_continuation(lines[first].strip(), continuation)
        while is_continued and at < len(lines):
            line = lines[at]
            at += 1
            if line.strip() and not line.lstrip().startswith("#"):
                piece, is_continued = _without_continuation(line, continuation)
                pieces += piece
        keyword, _, rest = pieces.strip().replace("\t", " ", 1).partition(" ")
        heredocs: list[Heredoc] = []
        for match in _heredocs(keyword.upper(), rest):
            heredoc, at = _read_heredoc(match, lines, at)
            heredocs.append(heredoc)
        yield Instruction(first + 1, at, keyword.upper(), rest.strip(), tuple(heredocs))


def _without_continuation(line: str, continuation: re.Pattern[str]) -> tuple[str, bool]:
    """Return the line without the escape character at its end, and whether there was one."""
    match = continuation.search(line)
    return (line[: match.start()], True) if match else (line, False)


def _heredocs(keyword: str, rest: str) -> Iterator[re.Match[str]]:
    if keyword == _ONBUILD:
        keyword, _, rest = rest.partition(" ")
    if keyword.upper() in _HOLD_HEREDOCS and not rest.lstrip().startswith("["):
        yield from _HEREDOC.finditer(rest)


def _read_heredoc(match: re.Match[str], lines: Sequence[str], at: int) -> tuple[Heredoc, int]:
    """Return a heredoc that starts at the line with this index, and the index of the line after it."""
    name = match[2] or match[3] or match[4]
    strips_tabs = bool(match[1])
    content = []
    while at < len(lines):
        line = lines[at].lstrip("\t") if strips_tabs else lines[at]
        at += 1
        if line == name:
            break
        content.append(line + "\n")
    return Heredoc(name, "".join(content)), at


def _split_flags(text: str) -> tuple[list[str], str]:
    flags, at = [], 0
    while match := _FLAG.match(text, at):
        flags.append(match[1])
        at = match.end()
    return flags, text[at:]
