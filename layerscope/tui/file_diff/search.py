"""Which rows of a text diff hold what a user looks for."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from layerscope.analysis.text.diff import TextDiff
from layerscope.analysis.text.lines import TextLine
from layerscope.analysis.text.search import Search

_SECONDS = 0.25
"""An expression that takes longer on one side is given up."""


def matching_rows(diff: TextDiff, search: Search) -> list[int]:
    """Return the places of the rows with a match on either side; raises UsageError where that takes too long."""
    old, new = _lines_with(diff.old, search), _lines_with(diff.new, search)
    return [place for place, row in enumerate(diff.rows) if row.old in old or row.new in new]


def _lines_with(lines: Sequence[TextLine], search: Search) -> set[int]:
    text = "\n".join(line.text for line in lines)
    if search.literal is not None and search.literal not in text.lower():
        return set()
    ends = list(accumulate(len(line.text) + 1 for line in lines))
    spans = (match.span() for match in search.text(text, _SECONDS))
    return {bisect_right(ends, start) for start, end in spans if start < end and "\n" not in text[start:end]}
