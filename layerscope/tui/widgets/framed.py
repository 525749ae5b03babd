"""A frame with titles that are written without painting what is in it."""

from typing import Self

from textual.containers import Vertical
from textual.geometry import Region
from textual.widget import Widget


class Framed(Widget):
    """A widget with a frame.

    Textual paints a widget again, and everything in it, when a title is set. Here, only the line of the title is.
    """

    _upper = ""
    _lower = ""
    _written: tuple[Region, ...] | None = None
    """The line that is being written."""

    def write_title(self, title: str) -> None:
        """Write into the upper line of the frame; the title is markup for Textual."""
        if title != self._upper:
            self._upper, self._written = title, self._frame_line(0)
            self.border_title = title
            self._written = None

    def write_subtitle(self, subtitle: str) -> None:
        """Write into the lower line of the frame; the subtitle is markup for Textual."""
        if subtitle != self._lower:
            self._lower, self._written = subtitle, self._frame_line(self.outer_size.height - 1)
            self.border_subtitle = subtitle
            self._written = None

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Paint the widget again, or regions of it."""
        return super().refresh(*self._written or regions, repaint=repaint, layout=layout, recompose=recompose)

    def _frame_line(self, y: int) -> tuple[Region, ...]:
        """Return a line, relative to the content; none of a widget without a size, which is painted whole."""
        left, top = self.content_offset
        return (Region(-left, y - top, self.outer_size.width, 1),) if self.outer_size else ()


class FramedPane(Vertical, Framed):
    """Widgets below each other in a frame."""
