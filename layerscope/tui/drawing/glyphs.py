"""The characters that the screens draw with: Unicode, or ASCII for locales that have nothing else."""

import codecs
import locale
import os
from typing import ClassVar

from msgspec import Struct
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter
from textual.message_pump import MessagePump
from textual.scrollbar import ScrollBar, ScrollBarRender

from layerscope.tui.services import services_of


class Glyphs(Struct, frozen=True):
    """One set of characters.

    ``eighths`` are the parts of a cell of a bar, from none to all of it. ``before`` and ``after`` stand where columns
    are cut.
    """

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
    before: str
    after: str
    warning: str
    flag: str
    table: str

    @property
    def frame(self) -> str:
        """The kind of border that CSS draws frames with."""
        return "round" if self.has_unicode else "ascii"

    @property
    def has_unicode(self) -> bool:
        """True if the set has characters beyond ASCII."""
        return not self.separator.isascii()


UNICODE = Glyphs("▾", "▸", " ▏▎▍▌▋▊▉█", "▒", "▪", "·", "→", "·", "…", "▸", "◆", "‹", "›", "⚠", "⚑", "≡")  # noqa: RUF001  # quotation marks as signs
ASCII = Glyphs("v", ">", " |#", "%", "o", ".", "->", "|", "~", ">", "*", "<", ">", "!", "!", "=")


_SPARE = str.maketrans({"…": ASCII.ellipsis, "·": ASCII.separator, "▔": "-", "▁": "-"} | dict.fromkeys("━╸╺", "="))


class WholeCellRender(ScrollBarRender):
    """A thumb that starts and ends at a cell."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * len(ScrollBarRender.VERTICAL_BARS)
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * len(ScrollBarRender.HORIZONTAL_BARS)


def draw_scrollbars_with(glyphs: Glyphs) -> None:
    """Draw all scrollbars with characters that the locale has."""
    ScrollBar.renderer = ScrollBarRender if glyphs.has_unicode else WholeCellRender


class AsciiFilter(LineFilter):
    """Replaces the few signs beyond ASCII in sentences, and in Textual's own titles and progress bars."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002  # from Textual
        """Return the segments of a line in ASCII."""
        return [
            segment if segment.text.isascii() else Segment(segment.text.translate(_SPARE), *segment[1:])
            for segment in segments
        ]


_VARIABLES = ("LC_ALL", "LC_CTYPE", "LANG")
"""The environment variables that set the locale's encoding; the first one that is set decides."""


def glyphs_of(node: MessagePump) -> Glyphs:
    """Return the glyphs of the application that a widget or screen belongs to."""
    return services_of(node).glyphs


def glyphs_for_locale() -> Glyphs:
    """Return the characters that the locale's encoding can show.

    A user who sets the C locale gets ASCII, although Python treats that locale as UTF-8 (PEP 540). Without a setting,
    Python's choice of encoding decides.
    """
    setting = next((value for name in _VARIABLES if (value := os.environ.get(name))), "")
    if setting in {"C", "POSIX"}:
        return ASCII
    try:
        unicode = codecs.lookup(locale.getpreferredencoding(do_setlocale=False)).name.startswith("utf")
    except LookupError:
        unicode = False
    return UNICODE if unicode else ASCII
