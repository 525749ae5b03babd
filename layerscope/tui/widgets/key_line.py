"""The footer: the keys that work now, in one line, each of them a button for the mouse."""

from collections.abc import Sequence

from rich.style import Style
from rich.text import Text
from textual.widgets import Static

Key = tuple[str, str, str]
"""The key, how it is written, and what it does."""


_MORE = "  .."
"""What tells that there are more keys than fit: the help has them."""


class KeyLine(Static):
    """As many keys as fit, the first the most important."""

    DEFAULT_CSS = """
    KeyLine { height: 1; dock: bottom; background: $panel; color: $foreground; padding: 0 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own word
        super().__init__("", id=id, markup=False)
        self._keys: Sequence[Key] = ()

    def show(self, keys: Sequence[Key]) -> None:
        """Show these keys."""
        if list(keys) != list(self._keys):
            self._keys = keys
            self._draw()

    def on_resize(self) -> None:
        """Fit the keys to the new width."""
        self._draw()

    def _draw(self) -> None:
        text = Text(no_wrap=True, overflow="ellipsis")
        for place, (key, written, does) in enumerate(self._keys):
            more = len(_MORE) if place + 1 < len(self._keys) else 0
            if text.cell_len + len(f"{written} {does}") + more > self.content_size.width:
                text.append(_MORE.strip(), Style(dim=True))
                break
            action = Style(meta={"@click": f"screen.press({key!r})"})
            text.append(written, Style(bold=True) + action)
            text.append(f" {does}", action)
            text.append("  ")
        self.update(text)
