"""Where a search or a place to go to is typed."""

from textual.widgets import Input


class PromptLine(Input):
    """One line; ``asks`` tells what is typed."""

    DEFAULT_CSS = """
    PromptLine { background: $panel; display: none; }
    """

    def __init__(self) -> None:
        super().__init__(select_on_focus=False, compact=True)
        self.asks = ""

    def ask(self, what: str, placeholder: str, value: str = "") -> None:
        """Open the line for an answer."""
        self.asks, self.placeholder = what, placeholder
        with self.prevent(Input.Changed):
            self.value = value
        self.cursor_position = len(value)
        self.display = True
        # at once, so that the next key finds it there
        self.screen.set_focus(self)

    def close(self) -> None:
        """Hide the line."""
        self.asks, self.display = "", False
