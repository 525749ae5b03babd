"""The part of YAML that ``.dive-ci`` files use: a mapping of mappings of scalars, in block or in flow style.

A YAML library would be a dependency for three lines. Values of other kinds are skipped.
"""

from collections.abc import Iterator
from typing import NamedTuple

from layerscope.errors import UsageError
from layerscope.text import printable_line

_OPENING, _CLOSING = "{[", "}]"
_BYTE_ORDER_MARK = "\ufeff"


class Entry(NamedTuple):
    """The value of a key, and of the key above it, with its line; the value of anything but a scalar is empty."""

    keys: tuple[str, ...]
    line: int
    value: str


class _Line(NamedTuple):
    """A line without its comment; a flow collection over several lines is one line."""

    number: int
    indent: int
    text: str


def read_entries(text: str, name: str, section: str) -> Iterator[Entry]:
    """Yield the top-level entries and those below the key ``section``; raises UsageError with the line.

    What is below other keys is skipped.
    """
    in_section, nested, skipped = False, None, None
    for line in _lines(text):
        if skipped is not None and (line.indent > skipped or (line.indent == skipped and _is_item(line.text))):
            continue
        skipped = None
        if line.text[0] in _OPENING and not line.indent:
            yield from _flow_entries(line, name, section)
            continue
        key, value = _pair(line, name)
        if not line.indent:
            in_section, nested = key == section, None
            if in_section and value[:1] == "{":
                yield Entry((key,), line.number, "")
                yield from (Entry((key, inner), line.number, _scalar(text)) for inner, text in _flow(line, value, name))
                continue
            skipped = None if in_section else 0
            yield Entry((key,), line.number, _scalar(value))
            continue
        nested = line.indent if nested is None else nested
        if not in_section or line.indent != nested:
            raise UsageError(f"{name}, line {line.number}: {printable_line(key)} is indented unlike the others")
        skipped = None if value else line.indent
        yield Entry((section, key), line.number, _scalar(value))


def _flow_entries(line: _Line, name: str, section: str) -> Iterator[Entry]:
    """Yield the entries of a file that is one flow mapping, or JSON."""
    for key, value in _flow(line, line.text, name):
        yield Entry((key,), line.number, "" if key == section else _scalar(value))
        if key == section and value[:1] == "{":
            yield from (Entry((key, inner), line.number, _scalar(text)) for inner, text in _flow(line, value, name))


def _lines(text: str) -> Iterator[_Line]:
    number, pending = 0, ""
    for at, raw in enumerate(text.removeprefix(_BYTE_ORDER_MARK).splitlines(), 1):
        line = _without_comment(raw).rstrip()
        if not pending and (not line.strip() or line in ("---", "...")):
            continue
        number, pending = (number, f"{pending} {line.strip()}") if pending else (at, line)
        if _is_open(pending):
            continue
        yield _Line(number, len(pending) - len(pending.lstrip(" ")), pending.strip())
        pending = ""
    if pending:
        yield _Line(number, len(pending) - len(pending.lstrip(" ")), pending.strip())


def _unquoted(text: str) -> Iterator[tuple[int, str]]:
    """Yield the characters outside of quoted scalars, with their positions."""
    quote, before = "", ":"
    for at, character in enumerate(text):
        if quote:
            quote = "" if character == quote and not (quote == '"' and text[at - 1] == "\\") else quote
        elif character in "'\"" and before in ":,-{[":
            # A quote within a plain scalar is an apostrophe.
            quote = character
        else:
            yield at, character
        before = before if character.isspace() else character


def _without_comment(line: str) -> str:
    for at, character in _unquoted(line):
        if character == "#" and (at == 0 or line[at - 1].isspace()):
            return line[:at]
    return line


def _is_open(text: str) -> bool:
    """Return whether the text ends inside of a flow collection."""
    start = text.strip()
    colon = _colon(start)
    value = start if colon is None else start[colon + 1 :].strip()
    if start[:1] not in _OPENING and value[:1] not in _OPENING:
        return False
    signs = [character for _, character in _unquoted(start)]
    return sum(signs.count(sign) for sign in _OPENING) > sum(signs.count(sign) for sign in _CLOSING)


def _is_item(text: str) -> bool:
    return text == "-" or text.startswith("- ")


def _colon(text: str) -> int | None:
    """Return the position of the colon that ends a key."""
    for at, character in _unquoted(text):
        if character == ":" and (at + 1 == len(text) or text[at + 1].isspace() or text[at - 1] in "'\""):
            return at
    return None


def _pair(line: _Line, name: str) -> tuple[str, str]:
    colon = _colon(line.text)
    if not colon or _is_item(line.text):
        raise UsageError(f"{name}, line {line.number}: expected `key: value`, not {printable_line(line.text)[:60]}")
    return _scalar(line.text[:colon]), line.text[colon + 1 :].strip()


def _flow(line: _Line, text: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield the keys of a flow mapping with the text of their values."""
    if text[-1] != "}":
        raise UsageError(f"{name}, line {line.number}: expected a mapping in braces, not {printable_line(text)[:60]}")
    depth, start = 0, 1
    for at, character in _unquoted(text):
        depth += (character in _OPENING) - (character in _CLOSING)
        if (depth == 1 and character == ",") or (depth == 0 and at == len(text) - 1):
            piece = text[start:at].strip()
            if piece:
                yield _pair(_Line(line.number, 0, piece), name)
            start = at + 1


def _scalar(text: str) -> str:
    """Return a scalar without its quotes; an empty text for anything else."""
    text = text.strip()
    if text[:1] in ("'", '"'):
        return text[1:-1] if len(text) > 1 and text[-1] == text[0] else text
    return "" if text[:1] in ("{", "[", "|", ">", "&", "*", "!") and text else text
