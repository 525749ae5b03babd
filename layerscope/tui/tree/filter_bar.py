"""The input line of the filter."""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import BindingType
from textual.widgets import Input

from layerscope.tui.keys.table import bindings
from layerscope.tui.tree.keys import FILTER_KEYS


class FilterBar(Input):
    """One line below the tree. Enter calls ``submit`` directly, because the next key may depend on it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(FILTER_KEYS)
    DEFAULT_CSS = """
    FilterBar { background: $panel; }
    """

    def __init__(self, submit: Callable[[], None]) -> None:
        super().__init__(placeholder="text, *.glob or re:regex", select_on_focus=False, compact=True)
        self._submit = submit

    async def action_submit(self) -> None:
        """Use the filter."""
        self._submit()
