"""The services of the application that a widget or screen belongs to: glyphs, settings, keys, short messages."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol, cast

from textual.message_pump import MessagePump
from textual.widget import Widget

from layerscope.text import printable_line, printable_text

if TYPE_CHECKING:
    from layerscope.settings.preferences import Preferences
    from layerscope.tui.drawing.glyphs import Glyphs
    from layerscope.tui.keys.workers import Writers

_LONGEST = 300
"""Characters of a copied text that are shown: an instruction may have thousands."""


class OpenedImage(Protocol):
    """An image, or several to choose from, whose content a thread may be reading."""

    def stop_reading(self) -> None: ...

    def close(self) -> None: ...


class Services(Protocol):
    """An application with services. ``key_choices`` are the keys that its user has chosen, by the id of a command.

    ``resources`` are closed after it has ended; no reading of its ``images`` keeps it from ending.
    """

    resources: ExitStack
    images: list["OpenedImage"]
    glyphs: "Glyphs"
    preferences: "Preferences"
    writers: "Writers"
    key_choices: Mapping[str, str]


def services_of(node: MessagePump) -> Services:
    """Return the application that a widget or screen belongs to."""
    return cast("Services", node.app)


def copy_text(widget: Widget, text: str, label: str = "") -> None:
    """Copy a text to the clipboard, and show its start, or a label for it."""
    widget.app.copy_to_clipboard(text)
    start = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    widget.notify(label or printable_text(start), title="Copied", markup=False, timeout=3)


def warn(widget: Widget, sentence: str) -> None:
    """Show why something cannot be done."""
    widget.notify(printable_line(sentence), severity="warning", markup=False, timeout=5)
