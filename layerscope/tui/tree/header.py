"""The line above a file tree: the titles of its columns."""

from rich.segment import Segment
from textual import events
from textual.strip import Strip
from textual.widget import Widget

from layerscope.tui.tree.file_tree import FileTree


class TreeHeader(Widget):
    """One line; a click on a title is one on its column."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    TreeHeader { height: 1; }
    """

    def __init__(self, tree: FileTree) -> None:
        super().__init__()
        self._tree = tree

    def render_line(self, y: int) -> Strip:  # noqa: ARG002  # there is one line
        """Return the line."""
        base = self.rich_style
        segments = [Segment(text, base + style if style else base) for text, style, _ in self._tree.header() if text]
        return Strip(segments).adjust_cell_length(self.size.width, base)

    def on_click(self, event: events.Click) -> None:
        """Do what a click on the column does."""
        self._tree.column_clicked(event.x)
