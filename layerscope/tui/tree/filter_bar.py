"""Where a filter is typed."""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input


class FilterBar(Input):
    """One line below the tree; ``submit`` is called on Enter, at once, so that the next key finds what it led to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,up", "submit", "Go to the match", show=False, id="filter.submit"),
    ]
    DEFAULT_CSS = """
    FilterBar { background: $panel; }
    """

    def __init__(self, submit: Callable[[], None]) -> None:
        super().__init__(placeholder="text, *.glob or re:regex", select_on_focus=False, compact=True)
        self._submit = submit

    async def action_submit(self) -> None:
        """Go on with what was typed."""
        self._submit()
