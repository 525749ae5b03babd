"""A diff in one line."""

from layerscope.analysis.comparison.diff import DiffSummary
from layerscope.comparison.filtered import FilteredComparison
from layerscope.text import signed_size


def summary_line(summary: DiffSummary) -> str:
    """Return the counts and the size: ``2 added, 3 modified, 1 removed, +12 kB``."""
    counts = (("added", summary.added), ("modified", summary.modified), ("removed", summary.removed))
    words = [f"{count:,} {word}" for word, count in counts if count]
    return ", ".join([*words, signed_size(summary.size_delta)]) if words else "no path differs"


def no_difference_line(view: FilteredComparison) -> str:
    """Return a sentence for a comparison without differences, which says no more than was selected and readable."""
    if any(view.broken_layers):
        return "No difference was found in the layers that could be read."
    if not view.is_whole:
        return "No selected path differs."
    return "No path differs." if view.images is None else "No path, setting or package differs."
