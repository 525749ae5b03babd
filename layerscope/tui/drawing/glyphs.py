"""The characters that the explorer draws with, in Unicode and in plain ASCII for locales that have no more."""

import codecs
import locale
import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One set of characters. ``eighths`` are the parts of a cell of a bar, from none to the whole."""

    opened: str
    closed: str
    eighths: str
    dead: str
    touched: str
    untouched: str
    arrow: str
    separator: str
    ellipsis: str
    here: str
    marked: str

    @property
    def has_unicode(self) -> bool:
        """Whether more than ASCII can be shown."""
        return not self.separator.isascii()

    def bar(self, share: float, width: int) -> str:
        """Return a bar that fills a share of the width, without trailing space; what is not nothing shows."""
        steps = len(self.eighths) - 1
        filled = max(0, min(width * steps, round(share * width * steps)))
        if share > 0 and not filled:
            filled = 1
        whole, part = divmod(filled, steps)
        return self.eighths[-1] * whole + (self.eighths[part] if part else "")


UNICODE = Glyphs("▾", "▸", " ▏▎▍▌▋▊▉█", "▒", "▪", "·", "→", "·", "…", "▸", "◆")
ASCII = Glyphs("v", ">", " #", "%", "o", ".", "->", "|", "~", ">", "*")


_VARIABLES = ("LC_ALL", "LC_CTYPE", "LANG")
"""What a user asks for a locale with, the first that is set."""


def glyphs_for_locale() -> Glyphs:
    """Return what the locale's encoding can show.

    A user who asks for the C locale gets ASCII, even where Python takes that for UTF-8 (PEP 540); one who asks for
    nothing gets what Python makes of it.
    """
    asked = next((value for name in _VARIABLES if (value := os.environ.get(name))), "")
    if asked in {"C", "POSIX"}:
        return ASCII
    try:
        unicode = codecs.lookup(locale.getpreferredencoding(do_setlocale=False)).name.startswith("utf")
    except LookupError:
        unicode = False
    return UNICODE if unicode else ASCII
