"""Short messages in a corner of the screen."""

from textual.screen import Screen

from layerscope.text import printable_line


def copy_text(screen: Screen[object], text: str, label: str = "") -> None:
    """Copy a text to the clipboard, and show it, or a label for it."""
    screen.app.copy_to_clipboard(text)
    screen.notify(label or text, title="Copied", markup=False, timeout=3)


def warn(screen: Screen[object], sentence: str) -> None:
    """Show why something cannot be done."""
    screen.notify(printable_line(sentence), severity="warning", markup=False, timeout=5)
