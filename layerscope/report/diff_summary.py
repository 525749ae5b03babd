"""A diff in one line."""

from layerscope.analysis.comparison.diff import DiffSummary
from layerscope.text import signed_size


def summary_line(summary: DiffSummary) -> str:
    """Return the counts and the size: ``2 added, 3 modified, 1 removed, +12 kB``."""
    counts = (("added", summary.added), ("modified", summary.modified), ("removed", summary.removed))
    told = [f"{count:,} {word}" for word, count in counts if count]
    return ", ".join([*told, signed_size(summary.size_delta)]) if told else "no path differs"
