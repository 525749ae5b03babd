"""The line of the filter: a prompt, what is typed, and what matches."""

from collections.abc import Callable, Iterable
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input, Static

from layerscope.tui.keys.table import FILTER_HINT, FILTER_LABEL, bindings
from layerscope.tui.tree.keys import FILTER_KEYS


class FilterBar(Input):
    """The text of a filter. Enter calls ``submit`` directly, because the next key may depend on it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(FILTER_KEYS)
    DEFAULT_CSS = """
    FilterBar { width: 1fr; background: $panel; }
    """

    def __init__(self, submit: Callable[[], None]) -> None:
        super().__init__(placeholder=FILTER_HINT, select_on_focus=False, compact=True)
        self._submit = submit

    async def action_submit(self) -> None:
        self._submit()


class FilterLine(Horizontal):
    """One line below the tree."""

    DEFAULT_CSS = """
    FilterLine { height: 1; background: $panel; padding: 0 1; }
    FilterLine Static { width: auto; text-style: bold; color: $primary; }
    FilterLine #filter-matches { text-style: none; color: $foreground; text-align: right; }
    """

    def __init__(self, submit: Callable[[], None]) -> None:
        super().__init__()
        self.bar = FilterBar(submit)
        self._matches = Static("", id="filter-matches", markup=False)

    def compose(self) -> Iterable[Widget]:
        yield Static(FILTER_LABEL, markup=False)
        yield self.bar
        yield self._matches

    def show(self, matches: str) -> None:
        """Show what matches. The count grows while it is shown, and a layout takes longer than to draw it again."""
        self._matches.update(matches, layout=cell_len(matches) > self._matches.size.width)
