"""Where a filter is typed."""

from textual.widgets import Input


class FilterBar(Input):
    """One line below the tree."""

    DEFAULT_CSS = """
    FilterBar { background: $panel; }
    """

    def __init__(self) -> None:
        super().__init__(placeholder="text, *.glob or re:regex", select_on_focus=False, compact=True)
