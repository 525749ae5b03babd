r"""Variables and quotes in a Dockerfile's words: ``${VERSION:-1.2}``, ``"a b"``.

https://docs.docker.com/reference/dockerfile/#environment-replacement
"""

import re
from collections.abc import Iterator, Mapping

UNKNOWN = "\ue000"
"""Stands in a text for a value that cannot be known from the Dockerfile."""

_NAME = re.compile(r"[A-Za-z_]\w*|\d|[@*#]")
_USE = re.compile(r"\$(\{)?([A-Za-z_][A-Za-z0-9_]*)(?(1)\})")
_VARIABLE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
_MOST_USES = 3
_LONGEST_EXPANDED = 500
"""Variables and characters of a text whose values are looked for: the time grows with one to the power of the other."""

_MOST_NESTED = 20
_LONGEST = 65_536
"""Characters of a value: a few lines like ``ENV A=$A$A`` would fill the memory."""


def split_words(text: str, escape: str) -> list[str]:
    """Return the words of a text; a quoted part, or an escaped space, does not end a word. Quotes are kept."""
    words, word, quote, at = [], "", "", 0
    while at < len(text):
        character = text[at]
        if character == escape and quote != "'" and at + 1 < len(text):
            word += text[at : at + 2]
            at += 2
            continue
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        if character.isspace() and not quote:
            words += [word] if word else []
            word = ""
        else:
            word += character
        at += 1
    return [*words, word] if word else words


def expand(word: str, variables: Mapping[str, str], escape: str) -> str:
    """Return a word without its quotes and with the values of variables; an unset variable is empty.

    A value that is too long to be an honest one is `UNKNOWN`.
    """
    if len(word) > _LONGEST:
        return UNKNOWN
    pieces, length = list[str](), 0
    for piece in _Expansion(word, variables, escape).pieces():
        pieces.append(piece)
        length += len(piece)
        if length > _LONGEST:
            return UNKNOWN
    return "".join(pieces)


def variable_names(text: str) -> list[str]:
    """Return the names of the variables in a text, in order."""
    return _VARIABLE.findall(text)


def used_values(text: str, expanded: str) -> dict[str, str]:
    """Return the values that the variables of a text had when it was expanded: ``v-$V /v`` and ``v-2 /v`` give V=2.

    Return none if one is not an expansion of the other, or has more variables than can be told apart in a short time.
    """
    pieces = _USE.split(text)
    literals, names = pieces[::3], pieces[2::3]
    if len(names) > _MOST_USES or len(expanded) > _LONGEST_EXPANDED:
        return {}
    pattern = re.escape(literals[0])
    for name, literal in zip(names, literals[1:], strict=True):
        value = f"(?P={name})" if f"(?P<{name}>" in pattern else rf"(?P<{name}>\S*?)"
        pattern += value + re.escape(literal)
    match = re.fullmatch(pattern, expanded)
    return match.groupdict() if match else {}


class _Expansion:
    def __init__(self, word: str, variables: Mapping[str, str], escape: str, depth: int = 0) -> None:
        self._word, self._variables, self._escape, self._depth = word, variables, escape, depth
        self._at = 0

    def pieces(self) -> Iterator[str]:
        quote = ""
        while self._at < len(self._word):
            character = self._word[self._at]
            self._at += 1
            if quote == "'":
                quote, piece = ("", "") if character == quote else (quote, character)
                yield piece
            elif character == self._escape:
                yield self._escaped(quote)
            elif character == quote:
                quote = ""
            elif character in "\"'" and not quote:
                quote = character
            elif character == "$":
                yield self._variable()
            else:
                yield character

    def _escaped(self, quote: str) -> str:
        following = self._word[self._at : self._at + 1]
        self._at += 1
        return self._escape + following if quote and following not in ('"', "$", self._escape) else following

    def _variable(self) -> str:
        if self._word[self._at : self._at + 1] == "{":
            return self._braced()
        name = _NAME.match(self._word, self._at)
        if name is None:
            return "$"
        self._at = name.end()
        return self._variables.get(name[0], "")

    def _braced(self) -> str:
        end = self._closing_brace()
        inside = self._word[self._at + 1 : end]
        self._at = end + 1
        name = _NAME.match(inside)
        if name is None:
            return UNKNOWN
        value, modifier = self._variables.get(name[0]), inside[name.end() :]
        if not modifier:
            return value or ""
        needs_text = modifier.startswith(":")
        operator, argument = modifier.removeprefix(":")[:1], modifier.removeprefix(":")[1:]
        is_set = bool(value) if needs_text else value is not None
        if operator == "-":
            return value or "" if is_set else self._nested(argument)
        if operator == "+":
            return self._nested(argument) if is_set else ""
        return value or "" if operator == "?" else UNKNOWN

    def _nested(self, text: str) -> str:
        if self._depth >= _MOST_NESTED:
            return UNKNOWN
        return "".join(_Expansion(text, self._variables, self._escape, self._depth + 1).pieces())

    def _closing_brace(self) -> int:
        depth = 0
        for at in range(self._at, len(self._word)):
            depth += {"{": 1, "}": -1}.get(self._word[at], 0)
            if not depth:
                return at
        return len(self._word)
