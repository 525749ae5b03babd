"""Where a search or a place to go to is typed."""

from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Input

from layerscope.tui.keys.table import Key, bindings


class PromptLine(Input):
    """One line; ``asks`` tells what is typed, and is empty while it is closed."""

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key("enter", "submit", "go", id="prompt.submit", rank=1),
        Key("escape", "cancel", "cancel", id="prompt.cancel", rank=2),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(KEYS)
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

    async def action_submit(self) -> None:
        """Give the answer."""
        self._answer(self.value)

    def action_cancel(self) -> None:
        """Give none."""
        self._answer(None)

    def _answer(self, value: str | None) -> None:
        answer = self.Answered(self.asks, value)
        self.close()
        self.post_message(answer)
