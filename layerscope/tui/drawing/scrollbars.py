"""Scrollbars for locales without Unicode: whole cells instead of eighths of a cell."""

from typing import ClassVar

from textual.scrollbar import ScrollBar, ScrollBarRender

from layerscope.tui.drawing.glyphs import Glyphs


class WholeCellRender(ScrollBarRender):
    """A thumb that starts and ends at a cell."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * len(ScrollBarRender.VERTICAL_BARS)
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * len(ScrollBarRender.HORIZONTAL_BARS)


def draw_scrollbars_with(glyphs: Glyphs) -> None:
    """Draw all scrollbars with characters that the locale has."""
    ScrollBar.renderer = ScrollBarRender if glyphs.has_unicode else WholeCellRender
