"""Which parts of a text are comments, strings, keywords: told by pygments, which comes along with rich."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from layerscope.analysis.file_types.description import interpreter_of

if TYPE_CHECKING:
    from pygments.lexer import Lexer

_LONGEST_LINE = 2_000
_LONGEST_TEXT = 200_000
"""Characters of a line, and of all lines together, that are worth their colours: pygments does a million a second."""

_LOOKED_AT = 4096
"""Bytes that tell which of several languages a text is in."""

_SHELLS = ("sh", "dash", "ash", "busybox")
_LIKE_SHELL = ("os-release", "profile", "environment", ".env", "bash.bashrc", ".profile")


class Tone(StrEnum):
    """What is coloured alike; the value names the component class."""

    COMMENT = "comment"
    KEYWORD = "keyword"
    STRING = "string"
    FIGURE = "figure"
    NAME = "name"


ToneSpan = tuple[int, int, Tone]
"""Start and end in characters of a line, and the tone."""


def find_lexer(path: bytes, head: bytes) -> "Lexer | None":
    """Return what takes a file of that name, and of those first bytes, apart; None for a text of no language."""
    from pygments.lexers import get_lexer_by_name  # noqa: PLC0415  # 30 ms, in a worker
    from pygments.util import ClassNotFound  # noqa: PLC0415

    name, text = path.rpartition(b"/")[2].decode("utf-8", "replace"), head[:_LOOKED_AT].decode("utf-8", "replace")
    for alias in _aliases(name, text, interpreter_of(head)):
        try:
            return get_lexer_by_name(alias, stripnl=False, ensurenl=False)
        except ClassNotFound:
            continue
    return None


def _aliases(name: str, text: str, interpreter: str | None) -> Iterator[str]:
    """Yield what pygments may call the language, the likeliest first."""
    from pygments.lexers import get_all_lexers, get_lexer_by_name  # noqa: PLC0415

    if interpreter:
        yield "sh" if interpreter in _SHELLS else interpreter
        yield interpreter.rstrip("0123456789.")
        return
    if name in _LIKE_SHELL:
        yield "sh"
    # without plugins: to look for them takes half a second
    fitting = [
        aliases[0]
        for _, aliases, patterns, _ in get_all_lexers(plugins=False)
        if aliases and any(fnmatchcase(name, pattern) for pattern in patterns)
    ]
    if len(fitting) > 1:
        lexers = {alias: get_lexer_by_name(alias) for alias in fitting}
        fitting.sort(key=lambda alias: (-lexers[alias].analyse_text(text), -lexers[alias].priority))
    yield from fitting


def tones_of(lexer: "Lexer", lines: Sequence[str]) -> list[list[ToneSpan]] | None:
    """Return the tones of each line; None where the lines are too long to be worth it."""
    if max(map(len, lines), default=0) > _LONGEST_LINE or sum(map(len, lines)) > _LONGEST_TEXT:
        return None
    tones: list[list[ToneSpan]] = [[] for _ in lines]
    row = column = 0
    for _, token, value in lexer.get_tokens_unprocessed("\n".join(lines)):
        tone = _tone(token)
        for place, part in enumerate(value.split("\n")):
            if place:
                row, column = row + 1, 0
            if tone and part:
                tones[row].append((column, column + len(part), tone))
            column += len(part)
    return tones


def _tone(token: Any) -> Tone | None:
    """Return the tone of a token by its type, or of the nearest type above that has one."""
    while token:
        found = _TONES.get(".".join(token))
        if found is not None:
            return found
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
