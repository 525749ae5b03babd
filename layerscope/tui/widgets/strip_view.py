"""The scaffolding of the views that draw line by line: styles, glyphs, and strips that are kept until they change."""

from functools import cached_property
from typing import ClassVar

from rich.style import Style
from textual.scroll_view import ScrollView
from textual.strip import Strip

from layerscope.tui.drawing.glyphs import Glyphs, glyphs_of

_MOST_STRIPS = 4096
"""Strips kept: some dozens of screens."""


class StripView(ScrollView, can_focus=True):
    """A view that draws only the lines on the screen.

    A strip is kept for as long as its line looks the same: Textual need not compare a strip that is the same object.
    """

    ALLOW_SELECT = False
    STYLES: ClassVar[dict[str, str]]
    """The styles to draw with, by name, as Textual's markup writes them.

    They are not component classes, each of which Textual looks up anew whenever a class or the focus changes: 17 in
    each of its two lists took a twentieth of the time until the explorer's first screen.
    """
    ANSI_STYLES: ClassVar[dict[str, str]]
    """The styles that take the place of others in a theme with the colours of the terminal, which cannot be mixed."""
    NO_COLOR_STYLES: ClassVar[dict[str, str]] = {}
    """The styles that take the place of others in such a theme if there are to be no colours."""
    GREY_STYLES: ClassVar[dict[str, str]] = {}
    """The styles that take the place of others in any other theme then: some colours become a grey that is dim."""

    DEFAULT_CSS = """
    StripView {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        scrollbar-background: $background;
        scrollbar-color: $foreground 30%;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._strips: dict[object, Strip] = {}
        self._styles: dict[str, Style] = {}

    @cached_property
    def glyphs(self) -> Glyphs:
        return glyphs_of(self)

    @property
    def line_width(self) -> int:
        """The cells of a line, without the scrollbar."""
        return self.scrollable_content_region.width or self.size.width

    @property
    def base_style(self) -> Style:
        """The view's own style, which takes as long to compute as a line to draw."""
        style = self._styles.get("")
        if style is None:
            style = self._styles[""] = self.rich_style
        return style

    def style_of(self, name: str) -> Style:
        """Return one of the styles, with only the colours that differ from the view's own."""
        style = self._styles.get(name)
        if style is None:
            own = self.app.stylesheet.parse_style(self._style_texts()[name])
            # Only the complete style has its alpha blended with the background.
            complete, base = (self.visual_style + own).rich_style, self.base_style
            style = self._styles[name] = Style(
                color=None if complete.color == base.color else complete.color,
                bgcolor=None if complete.bgcolor == base.bgcolor else complete.bgcolor,
                bold=complete.bold or None,
                italic=complete.italic or None,
                underline=complete.underline or None,
                reverse=complete.reverse or None,
            )
        return style

    def _style_texts(self) -> dict[str, str]:
        if not self.app.native_ansi_color:
            return self.STYLES | (self.GREY_STYLES if self.app.no_color else {})
        return self.STYLES | self.ANSI_STYLES | (self.NO_COLOR_STYLES if self.app.no_color else {})

    def blank(self, width: int) -> Strip:
        return self._strips.get(width) or self.keep_strip(width, Strip.blank(width, self.base_style))

    def keep_strip(self, key: object, strip: Strip) -> Strip:
        """Keep a strip under all that determines what it shows, and return it."""
        if len(self._strips) > _MOST_STRIPS:
            self._strips.clear()
        self._strips[key] = strip
        return strip

    def on_resize(self) -> None:
        """Draw the lines for the new size."""

    def watch_show_vertical_scrollbar(self) -> None:
        """Draw the lines for the width beside the scrollbar, or without it: Textual sends no resize event then."""
        self.on_resize()

    def notify_style_update(self) -> None:
        """Drop what was drawn: the theme has changed, or the focus."""
        self._strips.clear()
        self._styles.clear()
        super().notify_style_update()
