"""The first line of a screen: a name, then facts about it."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text
from textual.widgets import Static

from layerscope.tui.drawing.cells import cut
from layerscope.tui.drawing.glyphs import glyphs_of


class TitleLine(Static):
    """One line. If it is too narrow, the first part is left out, and then the name is cut."""

    DEFAULT_CSS = """
    TitleLine { height: 1; dock: top; background: $panel; color: $foreground; padding: 0 1; }
    """

    def __init__(self, name: str) -> None:
        super().__init__("", markup=False)
        self._title = name
        self._parts: Sequence[str] = ()

    def show_parts(self, parts: Sequence[str]) -> None:
        """Show the facts that are known so far."""
        if list(parts) != list(self._parts):
            self._parts = parts
            self._draw()

    def on_resize(self) -> None:
        """Draw the line for the new width."""
        self._draw()

    def _draw(self) -> None:
        glyphs = glyphs_of(self)
        separator = f" {glyphs.separator} "
        parts = [separator + part for part in self._parts if part]
        if len(parts) > 1 and self._room_beside(parts) < cell_len(self._title):
            del parts[0]
        text = Text(cut(self._title, max(8, self._room_beside(parts)), glyphs), style="bold", no_wrap=True)
        self.update(text.append("".join(parts), style="not bold"), layout=False)

    def _room_beside(self, parts: Sequence[str]) -> int:
        return self.content_size.width - sum(map(cell_len, parts))
