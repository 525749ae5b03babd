"""Short messages in a corner of the screen."""

from textual.widget import Widget

from layerscope.text import printable_line, printable_text

_LONGEST = 300
"""Characters of a copied text that are shown: an instruction may have thousands."""


def copy_text(widget: Widget, text: str, label: str = "") -> None:
    """Copy a text to the clipboard, and show its start, or a label for it."""
    widget.app.copy_to_clipboard(text)
    start = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    widget.notify(label or printable_text(start), title="Copied", markup=False, timeout=3)


def warn(widget: Widget, sentence: str) -> None:
    """Show why something cannot be done."""
    widget.notify(printable_line(sentence), severity="warning", markup=False, timeout=5)
