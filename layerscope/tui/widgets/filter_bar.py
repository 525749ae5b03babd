"""Where a filter is typed."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input


class FilterBar(Input):
    """One line below the tree."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,up", "submit", "Go to the match", show=False, id="filter.submit"),
    ]
    DEFAULT_CSS = """
    FilterBar { background: $panel; }
    """

    def __init__(self) -> None:
        super().__init__(placeholder="text, *.glob or re:regex", select_on_focus=False, compact=True)
