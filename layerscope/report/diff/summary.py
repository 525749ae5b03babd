"""A diff in one line."""

from layerscope.analysis.comparison.diff import DiffSummary
from layerscope.comparison.selected_diff import SelectedDiff
from layerscope.text import signed_size


def summary_line(summary: DiffSummary) -> str:
    """Return the counts and the size: ``2 added, 3 modified, 1 removed, +12 kB``."""
    counts = (("added", summary.added), ("modified", summary.modified), ("removed", summary.removed))
    told = [f"{count:,} {word}" for word, count in counts if count]
    return ", ".join([*told, signed_size(summary.size_delta)]) if told else "no path differs"


def no_difference_line(view: SelectedDiff) -> str:
    """Return what there is to say where nothing differs: no more than what was asked for, and could be read."""
    if any(view.broken_layers):
        return "Nothing that could be read differs."
    if not view.is_whole:
        return "Nothing of what was asked for differs."
    return "Nothing differs." if view.images is None else "No path, setting or package differs."
