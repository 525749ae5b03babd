"""The choice between several images or platforms of one archive."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from layerscope.model.candidate import Candidate
from layerscope.text import printable_name
from layerscope.tui.keys.order import is_first
from layerscope.tui.keys.table import Key, bindings

_KEYS = (
    Key("escape", "back", "back", "Go back to the start screen", id="chooser.back"),
    Key("q", "app.quit", "quit", "Quit", id="chooser.quit"),
    Key("j", "down", "Down", id="chooser.down"),
    Key("k", "up", "Up", id="chooser.up"),
)


class ChooserScreen(Screen[object]):
    """A list of images; ``choose`` is called with the one that the user chooses."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(_KEYS)
    DEFAULT_CSS = """
    ChooserScreen {
        align: center middle;
        #choices { width: 100; max-width: 96%; height: auto; max-height: 90%; border: $frame $primary; padding: 0 1; }
        OptionList { height: auto; max-height: 20; background: $background; }
        OptionList, OptionList:focus { border: none; padding: 0; }
    }
    """

    def __init__(self, reference: str, choices: Sequence[Candidate], choose: Callable[[Candidate], None]) -> None:
        super().__init__()
        self._reference = reference
        self._choices = choices
        self._choose = choose

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
        """Open the chosen image."""
        self._choose(self._choices[message.option_index])

    def action_back(self) -> None:
        """Go back to the screen that opened this one; on the first screen, Esc never quits."""
        if not is_first(self):
            self.dismiss()

    def action_down(self) -> None:
        """Go to the next image."""
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        """Go to the previous image."""
        self.query_one(OptionList).action_cursor_up()
