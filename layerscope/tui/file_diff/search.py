"""Search in a text comparison."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from layerscope.analysis.text.diff import TextDiff
from layerscope.analysis.text.lines import TextLine
from layerscope.analysis.text.search import Search

_SECONDS = 0.25
"""The longest time for an expression on one version."""


def matching_rows(diff: TextDiff, search: Search) -> list[int]:
    """Return the indexes of the rows with a match in either version; raises UsageError if that takes too long."""
    old, new = _lines_with(diff.old, search), _lines_with(diff.new, search)
    return [index for index, row in enumerate(diff.rows) if row.old in old or row.new in new]


def _lines_with(lines: Sequence[TextLine], search: Search) -> set[int]:
    text = "\n".join(line.text for line in lines)
    if search.literal is not None and search.literal not in text.lower():
        return set()
    ends = list(accumulate(len(line.text) + 1 for line in lines))
    spans = (match.span() for match in search.text(text, _SECONDS))
    return {bisect_right(ends, start) for start, end in spans if start < end and "\n" not in text[start:end]}
