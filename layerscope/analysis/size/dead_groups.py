"""Dead files by writer, hiding layer and reason: a few lines instead of thousands."""

from collections.abc import Iterable
from typing import NamedTuple

from layerscope.analysis.size.dead import DeadEntry
from layerscope.analysis.size.dead_reason import DeadReason


class DeadGroup(NamedTuple):
    """The dead files of one writer, one hiding layer and one reason (None: unknown), the largest first."""

    writer: int
    hidden_by: int
    reason: DeadReason | None
    entries: tuple[DeadEntry, ...]

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(entry.size for entry in self.entries)

    @property
    def word(self) -> str:
        """The name of the reason."""
        return self.reason.value if self.reason else "unknown"


def dead_groups(entries: Iterable[DeadEntry]) -> list[DeadGroup]:
    """Return the groups, the largest first; entries come the largest first."""
    members: dict[tuple[int, int, DeadReason | None], list[DeadEntry]] = {}
    for entry in entries:
        members.setdefault((entry.writer, entry.hidden_by, entry.reason), []).append(entry)
    groups = [DeadGroup(*key, tuple(group)) for key, group in members.items()]
    return sorted(groups, key=lambda group: (-group.size, group.writer, group.hidden_by, group.word))
