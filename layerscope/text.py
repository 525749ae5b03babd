"""Text for screens and messages: safe names, sizes, shares, plurals, permissions."""

import re
import unicodedata
from collections.abc import Iterable
from functools import partial
from json import dumps

_DECIMAL_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
_BINARY_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_ESCAPED_BYTES = range(0xDC80, 0xDD00)
"""The surrogates that Python decodes invalid UTF-8 bytes to."""

_is_binary = False
"""True if sizes are shown in binary units; see `use_binary_units`."""

_NEXT_UNIT = 999.5
_TWO_DIGITS = 9.95
"""From these values on, a figure rounds up to the next unit, or to two digits before the point."""

_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
"""Controls, bidi and other format characters, lone surrogates, unassigned code points, separators except the space."""

_INVISIBLE = (0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x3164, 0xFFA0)
"""Characters of other categories that show nothing: https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point."""

_VARIATIONS = (*range(0xFE00, 0xFE10), *range(0x1F3FB, 0x1F400), *range(0xE0100, 0xE01F0))
"""Selectors of a variant or a skin tone: terminals disagree on whether the emoji before takes one cell, two or four."""

_FLAG_LETTERS = (*range(0x1F1E6, 0x1F200),)
"""Two of them are a flag: terminals disagree on their cells likewise, and tmux joins one to any emoji before it."""

_UNSAFE_CODES = frozenset(_INVISIBLE + _VARIATIONS + _FLAG_LETTERS)

_ESCAPE = re.compile(r"\\(\\|[nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U000[0-9a-f]{5}|U0010[0-9a-f]{4})")
_SHORT_ESCAPES = {"\\": "\\", "n": "\n", "r": "\r", "t": "\t"}
_FIRST_ESCAPED_BYTE = 0x80

_UNUSUAL = re.compile(r"[^\n\t -~]")

_LONGEST_IN_SENTENCE = 200
"""Characters of a name that an error message repeats."""


def path_text(path: bytes) -> str:
    """Return a relative path as absolute text, invalid UTF-8 as surrogates: for documents, never for screens."""
    return "/" + path.decode("utf-8", "surrogateescape")


def printable_path(path: bytes) -> str:
    """Return a relative path as absolute text that is safe for a screen."""
    return printable_name(path_text(path))


def copied_path(path: bytes) -> str:
    """Return the absolute path to paste into a shell, or its escaped form if it is not printable."""
    text = path_text(path)
    return text if text.isprintable() else f"/{printable_name(path)}"


def path_bytes(path: str) -> bytes:
    """Return a path that a user typed as relative bytes, as the path index stores it."""
    parts = path.encode("utf-8", "surrogateescape").split(b"/")
    return b"/".join(part for part in parts if part not in (b"", b"."))


def printable_name(name: bytes | str) -> str:
    r"""Return the name with each character escaped that could control a terminal or disguise the name.

    Invalid UTF-8 becomes ``\xNN``; control, bidi and invisible characters, and those that select a variant of an emoji,
    become ``\xNN`` or ``\uNNNN``. A backslash is doubled, so that two different names never look alike.
    """
    text = name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    return "".join(map(_printable_character, text))


def typed_names(text: str) -> list[bytes]:
    r"""Return the names that a user may mean by a text: the text itself, then each name that is shown as this text.

    The last ones are those for which `printable_name` returns the text, such as a byte 0xE4 for ``d\xe4m``.
    """
    names = [text]
    if "\\" in text:
        # An escape of 80 to 9f stands for a byte that is not UTF-8, or for a control character.
        for base in (0xDC00, 0):
            name = _ESCAPE.sub(partial(_unescaped, base), text)
            if name not in names and printable_name(name) == text:
                names.append(name)
    return [name.encode("utf-8", "surrogateescape") for name in names]


def _unescaped(base: int, match: re.Match[str]) -> str:
    """Return the character of an escape; ``base`` is added to those of bytes beyond ASCII."""
    escape = match[1]
    if escape in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[escape]
    code = int(escape[1:], 16)
    return chr(code + base if escape[0] == "x" and code >= _FIRST_ESCAPED_BYTE else code)


def short_name(name: bytes | str) -> str:
    """Return the printable name, cut after 200 characters so that a sentence can hold it."""
    text = printable_name(name)
    return text if len(text) <= _LONGEST_IN_SENTENCE else text[:_LONGEST_IN_SENTENCE] + "…"


def printable_line(text: str) -> str:
    """Return prose from an image (an instruction, an author) as one line that is safe for a screen."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c == "\\" else _printable_character(c) for c in " ".join(text.split()))


def shortened(text: str, longest: int) -> str:
    """Return a text of at most ``longest`` characters; a longer one ends with an ellipsis."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def printable_text(text: str) -> str:
    """Return a file's text, safe for a screen; line feeds and tabs are kept."""
    return _UNUSUAL.sub(lambda match: _printable_character(match[0]), text)


def _printable_character(character: str) -> str:
    code = ord(character)
    if code in _ESCAPED_BYTES:
        return f"\\x{code - 0xDC00:02x}"
    is_unsafe = character == "\\" or code in _UNSAFE_CODES or unicodedata.category(character) in _UNSAFE_CATEGORIES
    if not is_unsafe:
        return character
    return character.encode("unicode_escape").decode("ascii")


def exec_form(words: Iterable[str]) -> str:
    """Return a command in a Dockerfile's exec form: ``["nginx", "-g", "daemon off;"]``."""
    return printable_line(dumps(list(words), ensure_ascii=False))


def use_binary_units(*, binary: bool) -> None:
    """Show sizes in KiB, MiB, GiB from now on, or in kB, MB, GB again: the explorer has a setting for that.

    It belongs to the process, so that it reaches every size on the screen without a parameter in each function.
    """
    global _is_binary  # noqa: PLW0603  # there is one application in a process
    _is_binary = binary


def human_size(size: int | None) -> str:
    """Return a size in decimal units as Docker prints it: ``73 B``, ``1.3 MB``, ``210 MB``; ``?`` if it is unknown."""
    if size is None:
        return "?"
    units, step = (_BINARY_UNITS, 1024) if _is_binary else (_DECIMAL_UNITS, 1000)
    value, unit = float(abs(size)), 0
    while value >= _NEXT_UNIT and unit < len(units) - 1:
        value, unit = value / step, unit + 1
    sign = "-" if size < 0 else ""
    digits = f"{value:.1f}" if unit and value < _TWO_DIGITS else f"{value:.0f}"
    return f"{sign}{digits} {units[unit]}"


def size_or_blank(size: int | None) -> str:
    """Return the size for a table in which most are zero: an empty text for 0."""
    return "" if size == 0 else human_size(size)


def signed_size(size: int) -> str:
    """Return a size difference: ``+1.3 MB``, ``-73 B``, ``0 B``."""
    return f"+{human_size(size)}" if size > 0 else human_size(size)


def whole_percent(share: float) -> str:
    """Return a share as a whole percentage: ``24 %``."""
    return f"{100 * share:.0f} %"


def human_share(part: int | None, whole: int | None) -> str:
    """Return a part of a whole as a percentage, empty if the whole is 0 or unknown.

    It is never rounded to nothing or to all: ``24 %``, ``0.3 %``, ``<0.1 %``, ``>99 %``.
    """
    if part is None or not whole:
        return ""
    percent = 100 * part / whole
    if 0 < percent < 0.05:  # noqa: PLR2004  # would round to 0.0 %
        return "<0.1 %"
    if 99.5 <= percent < 100:  # noqa: PLR2004  # would round to 100 %
        return ">99 %"
    return f"{percent:.1f} %" if 0 < percent < _TWO_DIGITS else f"{percent:.0f} %"


def plural(count: int, noun: str, many: str | None = None) -> str:
    """Return the count with its noun: ``1 layer``, ``1,204 layers``."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def mode_text(kind_letter: str, mode: int) -> str:
    """Return permissions as ``ls`` writes them: ``-rwsr-xr-x``."""
    letters = [bit if mode >> (8 - index) & 1 else "-" for index, bit in enumerate("rwxrwxrwx")]
    for bit, index, lower, upper in ((0o4000, 2, "s", "S"), (0o2000, 5, "s", "S"), (0o1000, 8, "t", "T")):
        if mode & bit:
            letters[index] = lower if letters[index] == "x" else upper
    return kind_letter + "".join(letters)
