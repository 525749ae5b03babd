"""Reads the kinds of change that ``--only`` names."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from layerscope.errors import UsageError
from layerscope.text import printable_name

if TYPE_CHECKING:
    from layerscope.analysis.tree.change import ChangeKind


def chosen_changes(only: str | None, allowed: Sequence["ChangeKind"]) -> frozenset["ChangeKind"]:
    """Return the changes that a comma list names, or all that are allowed; raises UsageError."""
    kinds = {kind.word: kind for kind in allowed}
    words = list(kinds) if only is None else [word.strip() for word in only.split(",")]
    for word in words:
        if word not in kinds:
            raise UsageError(
                f"--only takes a comma list of {', '.join(kinds)}, not {printable_name(word) or 'nothing'}"
            )
    return frozenset(kinds[word] for word in words)
