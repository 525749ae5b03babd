"""The kinds of change: their numbers are what the columns hold."""

from enum import IntEnum


class ChangeKind(IntEnum):
    """What a layer did to a path of the merged tree below it."""

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
