"""A diff summed up by directory: the root first, then those that grew or shrank most."""

from collections.abc import Iterator
from typing import TextIO

from layerscope.analysis.comparison.diff_tree import DiffTree, Totals
from layerscope.text import path_text, printable_name, signed_size

_DELTA_WIDTH = len("+999 MB")
_MARKS = ("+", "~", "-")


def write_diff_stat(tree: DiffTree, file: TextIO) -> None:
    """Write a line for each directory: its delta, how many paths below it changed, its path."""
    file.writelines(line + "\n" for line in stat_lines(tree))


def stat_lines(tree: DiffTree) -> Iterator[str]:
    """Yield the lines; a directory whose changes all lie in one subdirectory is left out."""
    totals = {folder: total for folder, total in tree.totals.items() if not _repeats_one_below(tree, folder, total)}
    widths = [
        max((len(cell) for total in totals.values() if (cell := _cells(total)[at])), default=0) for at in range(3)
    ]
    for folder in sorted(totals, key=lambda folder: (bool(folder), -abs(totals[folder].size_delta), folder)):
        cells = zip(_cells(totals[folder]), widths, strict=True)
        counts = "".join(f"  {cell:>{width}}" for cell, width in cells if width)
        name = printable_name(path_text(tree.index.path(folder))).rstrip("/")
        yield f"{signed_size(totals[folder].size_delta):>{_DELTA_WIDTH}}{counts}  {name}/"


def _repeats_one_below(tree: DiffTree, folder: int, total: Totals) -> bool:
    below = (tree.totals[child] for child in tree.index.children(folder) if child in tree.totals)
    return next(below, None) == total


def _cells(total: Totals) -> tuple[str, ...]:
    counts = (total.added, total.modified, total.removed)
    return tuple(f"{mark}{count:,}" if count else "" for mark, count in zip(_MARKS, counts, strict=True))
