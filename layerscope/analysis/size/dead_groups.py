"""Dead files that have writer, hidden_by and reason in common: a few lines in place of thousands."""

from collections.abc import Iterable
from typing import NamedTuple

from layerscope.analysis.size.dead import DeadEntry
from layerscope.analysis.size.dead_reason import DeadReason


class DeadGroup(NamedTuple):
    """The dead files of one writer, one hidden_by and one reason (None: unknown), the largest first."""

    writer: int
    hidden_by: int
    reason: DeadReason | None
    entries: tuple[DeadEntry, ...]

    @property
    def size(self) -> int:
        """Their bytes."""
        return sum(entry.size for entry in self.entries)

    @property
    def word(self) -> str:
        """The reason as people read it."""
        return self.reason.value if self.reason else "unknown"


def dead_groups(entries: Iterable[DeadEntry]) -> list[DeadGroup]:
    """Return the groups, the largest first; entries come the largest first."""
    found: dict[tuple[int, int, DeadReason | None], list[DeadEntry]] = {}
    for entry in entries:
        found.setdefault((entry.writer, entry.hidden_by, entry.reason), []).append(entry)
    groups = [DeadGroup(*key, tuple(each)) for key, each in found.items()]
    return sorted(groups, key=lambda group: (-group.size, group.writer, group.hidden_by, group.word))
