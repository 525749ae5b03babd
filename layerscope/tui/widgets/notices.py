"""Short messages in a corner of the screen."""

from textual.widget import Widget

from layerscope.text import printable_line


def copy_text(widget: Widget, text: str, label: str = "") -> None:
    """Copy a text to the clipboard, and show it, or a label for it."""
    widget.app.copy_to_clipboard(text)
    widget.notify(label or text, title="Copied", markup=False, timeout=3)


def warn(widget: Widget, sentence: str) -> None:
    """Show why something cannot be done."""
    widget.notify(printable_line(sentence), severity="warning", markup=False, timeout=5)
