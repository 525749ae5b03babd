"""The footer: the keys that work now, in one line, each of them a button for the mouse."""

from collections.abc import Sequence
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.widgets import Input, Static

from layerscope.tui.drawing.glyphs import glyphs_of
from layerscope.tui.keys.table import Key, KeyGroup, chosen_keys, ranked

_GAP = "  "


class KeyLine(Static):
    """As many of the keys that work now as fit, by rank."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-line--key", "key-line--label"}
    DEFAULT_CSS = """
    KeyLine {
        height: 1; dock: bottom; background: $panel; color: $foreground; padding: 0 1;
        & > .key-line--key { color: $primary; text-style: bold; }
        & > .key-line--label { color: $foreground 70%; }
    }
    """

    def __init__(self, groups: Sequence[KeyGroup]) -> None:
        super().__init__("", markup=False)
        # Textual would underline what can be clicked.
        self.auto_links = False
        self._keys = ranked(groups)
        self._shown: list[Key] | None = None

    def on_mount(self) -> None:
        """Follow the focus, and everything else that changes which keys work."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.refresh_keys())

    def refresh_keys(self) -> None:
        """Show the keys that work now."""
        active = {active.binding.id for active in self.screen.active_bindings.values() if active.enabled}
        # While a text is typed, characters are part of it; Textual overlooks the slash, which Unicode names otherwise.
        is_typing = isinstance(self.screen.focused, Input)
        keys = [key for key in self._keys if key.id in active and not (is_typing and key.names[0] == "/")]
        if keys != self._shown:
            self._shown = keys
            self._draw()

    def on_resize(self) -> None:
        self._draw()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self._shown is not None:
            self._draw()

    def _draw(self) -> None:
        text, keys = Text(no_wrap=True, overflow="ellipsis"), chosen_keys(self, self._shown or [])
        key_style = self._foreground("key-line--key")
        label_style = self._foreground("key-line--label")
        more = f"{glyphs_of(self).ellipsis} ?"
        for number, key in enumerate(keys, 1):
            room = self.content_size.width - (len(more) + len(_GAP) if number < len(keys) else 0)
            if text.cell_len + len(f"{key.line_text} {key.label}") > room:
                text.append(more, label_style)
                break
            click = Style(meta={"@click": f"press({key.first!r})"})
            text.append(key.line_text, key_style + click)
            text.append(f" {key.label}", label_style + click)
            text.append(_GAP)
        self.update(text, layout=False)

    def _foreground(self, name: str) -> Style:
        """Return the style of a component class on the line's own background."""
        style = self.get_component_rich_style(name)
        return Style(color=style.color, bold=style.bold, dim=style.dim)

    def action_press(self, key: str) -> None:
        """Do what a key does, for the mouse."""
        self.app.simulate_key(key)
