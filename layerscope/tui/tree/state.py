"""The state behind a file tree on the screen: which tree, and what to say about it."""

from typing import NamedTuple, Protocol

from layerscope.text import plural
from layerscope.tui.tree.view import Sort, TreeSettings
from layerscope.tui.tree.visible_rows import VisibleRows


class Caption(NamedTuple):
    """Words below the tree; a click on them runs the ``action``, if there is one."""

    words: str
    action: str = ""


class FilesState(Protocol):
    """The state that a `FilesPane` shows."""

    @property
    def settings(self) -> TreeSettings:
        """Sort, filter, folds and columns."""
        ...

    @property
    def title(self) -> list[str]: ...

    @property
    def knows_changes(self) -> bool:
        """True if the changes are known, so that rows can be marked."""
        ...

    def rows(self) -> VisibleRows | None:
        """Return the rows, not built yet, or None while there is no tree."""
        ...

    def captions(self, rows: VisibleRows) -> list[Caption]:
        """Return the words below the tree; where there is no room for all, the last ones are left out."""
        ...

    def why_no_tree(self) -> str:
        """Return the sentence that is shown while there is no tree."""
        ...

    def why_no_rows(self, rows: VisibleRows) -> str:
        """Return the sentence that is shown when the tree has no rows."""
        ...


def row_captions(rows: VisibleRows, *, size_word: str = "size") -> list[Caption]:
    """Return how rows are sorted, and how many there are; ``size_word`` names the size that they are sorted by."""
    view = rows.view
    captions = [Caption("changes only")] if view.changes_only else []
    order, count = (
        size_word if view.sort is Sort.SIZE else "name",
        "counting rows" if rows.is_building else plural(len(rows), "row"),
    )
    return [*captions, Caption(f"by {order}", "sort"), Caption(count)]


def no_rows_sentence(rows: VisibleRows) -> str:
    """Return the sentence for a tree, or a filter, without rows."""
    return "There are no files." if rows.view.query is None else "Nothing matches."
