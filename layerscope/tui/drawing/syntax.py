"""Comments, strings and keywords of a text, found by pygments, which rich depends on."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from layerscope.analysis.file_types.description import interpreter_of

if TYPE_CHECKING:
    from pygments.lexer import Lexer

_LONGEST_LINE = 2_000
_LONGEST_TEXT = 200_000
"""Characters of a line, and of all lines together, up to which a text is coloured: pygments does a million a second."""

_SAMPLE = 4096
"""Bytes that decide between several languages."""

_SHELLS = ("sh", "dash", "ash", "busybox")
_LIKE_SHELL = ("os-release", "profile", "environment", ".env", "bash.bashrc", ".profile")


class Tone(StrEnum):
    """A colour of text; the value is the name of a style of `RowView`."""

    COMMENT = "comment"
    KEYWORD = "keyword"
    STRING = "string"
    FIGURE = "figure"
    NAME = "name"


ToneSpan = tuple[int, int, Tone]
"""Start and end in characters of a line, and the tone."""


def find_lexer(path: bytes, head: bytes) -> "Lexer | None":
    """Return the lexer for a file name and the first bytes of the file; None if the language is unknown."""
    from pygments import lexers, util  # noqa: PLC0415  # 30 ms, in a worker

    name, text = path.rpartition(b"/")[2].decode("utf-8", "replace"), head[:_SAMPLE].decode("utf-8", "replace")
    for alias in _aliases(name, text, interpreter_of(head)):
        try:
            return lexers.get_lexer_by_name(alias, stripnl=False, ensurenl=False)
        except util.ClassNotFound:
            continue
    return None


def _aliases(name: str, text: str, interpreter: str | None) -> Iterator[str]:
    """Yield the names that pygments may have for the language, the most likely first."""
    from pygments import lexers  # noqa: PLC0415  # as above

    if interpreter:
        yield "sh" if interpreter in _SHELLS else interpreter
        yield interpreter.rstrip("0123456789.")
        return
    if name in _LIKE_SHELL:
        yield "sh"
    # Looking for plugins would take half a second.
    fitting = [
        aliases[0]
        for _, aliases, patterns, _ in lexers.get_all_lexers(plugins=False)
        if aliases and any(fnmatchcase(name, pattern) for pattern in patterns)
    ]
    if len(fitting) > 1:
        by_alias = {alias: lexers.get_lexer_by_name(alias) for alias in fitting}
        fitting.sort(key=lambda alias: (-by_alias[alias].analyse_text(text), -by_alias[alias].priority))
    yield from fitting


def tones_of(lexer: "Lexer", lines: Sequence[str]) -> list[list[ToneSpan]] | None:
    """Return the tones of each line; None if the lines are too long."""
    if max(map(len, lines), default=0) > _LONGEST_LINE or sum(map(len, lines)) > _LONGEST_TEXT:
        return None
    tones: list[list[ToneSpan]] = [[] for _ in lines]
    row = column = 0
    for _, token, value in lexer.get_tokens_unprocessed("\n".join(lines)):
        tone = _tone(token)
        for number, part in enumerate(value.split("\n")):
            if number:
                row, column = row + 1, 0
            if tone and part:
                tones[row].append((column, column + len(part), tone))
            column += len(part)
    return tones


def _tone(token: Any) -> Tone | None:
    """Return the tone of a token type, or of its nearest parent that has one."""
    while token:
        tone = _TONES.get(".".join(token))
        if tone is not None:
            return tone
        token = token.parent
    return None


_TONES = {
    "Comment": Tone.COMMENT,
    "Comment.Preproc": Tone.KEYWORD,
    "Keyword": Tone.KEYWORD,
    "Keyword.Constant": Tone.FIGURE,
    "Operator.Word": Tone.KEYWORD,
    "Literal.String": Tone.STRING,
    "Literal.Number": Tone.FIGURE,
    "Literal.Date": Tone.FIGURE,
    "Name.Attribute": Tone.NAME,
    "Name.Builtin": Tone.NAME,
    "Name.Class": Tone.NAME,
    "Name.Constant": Tone.FIGURE,
    "Name.Decorator": Tone.NAME,
    "Name.Entity": Tone.FIGURE,
    "Name.Function": Tone.NAME,
    "Name.Namespace": Tone.NAME,
    "Name.Tag": Tone.KEYWORD,
    "Name.Variable": Tone.NAME,
    "Generic.Heading": Tone.KEYWORD,
    "Generic.Strong": Tone.KEYWORD,
    "Generic.Emph": Tone.STRING,
}
