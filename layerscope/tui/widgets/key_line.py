"""The footer: the keys that work now, in one line, each of them a button for the mouse."""

from collections.abc import Sequence

from rich.style import Style
from rich.text import Text
from textual.widgets import Static

from layerscope.tui.keys.table import Key, KeyGroup, chosen_keys, ranked

_MORE = "  .."
"""The end of a line that has no room for all keys: the help lists them."""


class KeyLine(Static):
    """As many of the keys that work now as fit, by rank."""

    DEFAULT_CSS = """
    KeyLine { height: 1; dock: bottom; background: $panel; color: $foreground; padding: 0 1; }
    """

    def __init__(self, groups: Sequence[KeyGroup]) -> None:
        super().__init__("", markup=False)
        self._keys = ranked(groups)
        self._shown: list[Key] | None = None

    def on_mount(self) -> None:
        """Follow the focus, and everything else that changes which keys work."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.refresh_keys())

    def refresh_keys(self) -> None:
        """Show the keys that work now."""
        active = {active.binding.id for active in self.screen.active_bindings.values() if active.enabled}
        keys = [key for key in self._keys if key.id in active]
        if keys != self._shown:
            self._shown = keys
            self._draw()

    def on_resize(self) -> None:
        """Fit the keys to the new width."""
        self._draw()

    def _draw(self) -> None:
        text, keys = Text(no_wrap=True, overflow="ellipsis"), chosen_keys(self, self._shown or [])
        for number, key in enumerate(keys, 1):
            more = len(_MORE) if number < len(keys) else 0
            if text.cell_len + len(f"{key.line_text} {key.label}") + more > self.content_size.width:
                text.append(_MORE.strip(), Style(dim=True))
                break
            click = Style(meta={"@click": f"press({key.first!r})"})
            text.append(key.line_text, Style(bold=True) + click)
            text.append(f" {key.label}", click)
            text.append("  ")
        self.update(text)

    def action_press(self, key: str) -> None:
        """Do what a key does, for the mouse."""
        self.app.simulate_key(key)
