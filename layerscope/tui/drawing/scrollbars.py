"""Scrollbars for locales without Unicode: whole cells, where Textual would draw eighths of one."""

from typing import ClassVar

from textual.scrollbar import ScrollBar, ScrollBarRender

from layerscope.tui.drawing.glyphs import Glyphs


class WholeCellRender(ScrollBarRender):
    """A thumb that starts and ends with a cell."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * len(ScrollBarRender.VERTICAL_BARS)
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * len(ScrollBarRender.HORIZONTAL_BARS)


def draw_scrollbars_with(glyphs: Glyphs) -> None:
    """Let all scrollbars be drawn with what the locale has."""
    ScrollBar.renderer = ScrollBarRender if glyphs.has_unicode else WholeCellRender
