"""The characters that the explorer draws with, in Unicode and in plain ASCII for locales that have no more."""

import codecs
import locale
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


def glyphs_for_locale() -> Glyphs:
    """Return what the locale's encoding can show."""
    try:
        unicode = codecs.lookup(locale.getpreferredencoding(do_setlocale=False)).name.startswith("utf")
    except LookupError:
        unicode = False
    return UNICODE if unicode else ASCII
