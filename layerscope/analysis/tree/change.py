"""The kinds of change, and rows of occurrences that are no row of a table: a list of layers needs both, and no tree."""

from enum import IntEnum


class ChangeKind(IntEnum):
    """The change that a layer makes to a path of the merged tree below it; columns hold the numbers."""

    UNCHANGED = 0
    ADDED = 1
    MODIFIED = 2
    REMOVED = 3

    @property
    def word(self) -> str:
        """The change as documents name it."""
        return self.name.lower()

    @property
    def mark(self) -> str:
        """The change as one character."""
        return " +~-"[self]


GONE = -1
"""The row of an occurrence that hid the path."""

IMPLIED = -2
"""The row of an occurrence that is a directory without an entry of its own."""
