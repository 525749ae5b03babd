"""A checkbox that is readable without colour: ``[x] replace files``."""

from typing import ClassVar

from rich.text import Text
from textual.binding import BindingType
from textual.widgets import Static

from layerscope.tui.keys.table import Key, bindings


class CheckboxLine(Static, can_focus=True):
    """One line that Space or a click toggles."""

    KEYS: ClassVar[tuple[Key, ...]] = (Key("space", "toggle_box", "Choose", id="choice.toggle"),)
    BINDINGS: ClassVar[list[BindingType]] = bindings(KEYS)
    DEFAULT_CSS = """
    CheckboxLine { height: 1; }
    CheckboxLine:focus { background: $primary 35%; }
    CheckboxLine:focus:ansi:nocolor { text-style: reverse; }
    """

    def __init__(self, label: str) -> None:
        super().__init__(markup=False)
        self._label = label
        self.is_on = False
        self._draw()

    def _draw(self) -> None:
        self.update(Text(f"[{'x' if self.is_on else ' '}] {self._label}"))

    def action_toggle_box(self) -> None:
        """Turn it on or off."""
        self.is_on = not self.is_on
        self._draw()

    def on_click(self) -> None:
        """Toggle it."""
        self.action_toggle_box()
