"""Where a search or a place to go to is typed."""

from textual import events
from textual.message import Message
from textual.widgets import Input


class PromptLine(Input):
    """One line; ``asks`` tells what is typed, and is empty while it is closed."""

    DEFAULT_CSS = """
    PromptLine { background: $panel; display: none; }
    """

    class Answered(Message):
        """What was asked for has been typed; ``value`` is None where the user would not say."""

        def __init__(self, asked: str, value: str | None) -> None:
            super().__init__()
            self.asked = asked
            self.value = value

    def __init__(self) -> None:
        super().__init__(select_on_focus=False, compact=True)
        self.asks = ""

    def ask(self, what: str, placeholder: str) -> None:
        """Open the line for an answer."""
        self.asks, self.placeholder = what, placeholder
        with self.prevent(Input.Changed):
            self.value = ""
        self.display = True
        # at once, so that the next key finds it there
        self.screen.set_focus(self)

    def close(self) -> None:
        """Hide the line."""
        self.asks, self.display = "", False

    def on_key(self, event: events.Key) -> None:
        """Take the answer at once: keys that follow are no part of it, even if they are here already."""
        if not self.asks:
            event.prevent_default()
        elif event.key in ("enter", "escape"):
            event.stop()
            event.prevent_default()
            answer = self.Answered(self.asks, self.value if event.key == "enter" else None)
            self.close()
            # past the keys that wait in this widget's own queue
            if self.parent is not None:
                self.parent.post_message(answer)
