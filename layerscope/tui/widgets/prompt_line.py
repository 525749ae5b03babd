"""The input line of a search, or of a line to go to."""

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Input

from layerscope.tui.keys.table import Key, bindings


class PromptLine(Input):
    """One line. ``purpose`` says what the text is for; it is empty while the line is closed."""

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key("enter", "submit", "go", "Use the text", id="prompt.submit", rank=1),
        Key("escape", "cancel", "cancel", "Close the prompt", id="prompt.cancel", rank=2),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(KEYS)
    DEFAULT_CSS = """
    PromptLine { background: $panel; display: none; }
    """

    @dataclass
    class Answered(Message):
        """The user has entered a text, or, with None, cancelled."""

        purpose: str
        value: str | None

    def __init__(self) -> None:
        super().__init__(select_on_focus=False, compact=True)
        self.purpose = ""

    def ask(self, purpose: str, placeholder: str) -> None:
        self.purpose, self.placeholder = purpose, placeholder
        with self.prevent(Input.Changed):
            self.value = ""
        self.display = True
        # Not by a message: the next key may follow immediately, and needs the new focus.
        self.screen.set_focus(self)

    def close(self) -> None:
        self.purpose, self.display = "", False

    async def action_submit(self) -> None:
        self._answer(self.value)

    def action_cancel(self) -> None:
        self._answer(None)

    def _answer(self, value: str | None) -> None:
        answer = self.Answered(self.purpose, value)
        self.close()
        self.post_message(answer)
