"""Which image, where an archive holds several images or platforms."""

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from layerscope.model.candidate import Candidate
from layerscope.text import printable_name


class ChooserScreen(Screen[object]):
    """A list of images."""

    class Chosen(Message):
        """An image was chosen."""

        def __init__(self, choice: Candidate) -> None:
            super().__init__()
            self.choice = choice

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Quit", id="chooser.quit"),
        Binding("j", "down", "Down", show=False, id="chooser.down"),
        Binding("k", "up", "Up", show=False, id="chooser.up"),
    ]
    DEFAULT_CSS = """
    ChooserScreen {
        align: center middle;
        #choices { width: 100; max-width: 96%; height: auto; max-height: 90%; border: round $primary; padding: 0 1; }
        OptionList { height: auto; max-height: 20; background: $background; }
        OptionList, OptionList:focus { border: none; padding: 0; }
    }
    """

    def __init__(self, reference: str, choices: Sequence[Candidate]) -> None:
        super().__init__()
        self._reference = reference
        self._choices = choices

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        panel = Vertical(
            OptionList(*(Option(Text(choice.label, overflow="fold")) for choice in self._choices), markup=False),
            Static("Enter opens the image, q quits", markup=False),
            id="choices",
        )
        panel.border_title = Text(f"{printable_name(self._reference)} holds several images").markup
        yield panel

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Tell which image was chosen."""
        self.post_message(self.Chosen(self._choices[message.option_index]))

    def action_leave(self) -> None:
        """Quit without an image."""
        self.app.exit()

    def action_down(self) -> None:
        """Go to the next image."""
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        """Go to the image before."""
        self.query_one(OptionList).action_cursor_up()
