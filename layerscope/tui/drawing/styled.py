"""Text with styles on parts of it, as segments."""

from collections.abc import Iterable
from itertools import pairwise

from rich.segment import Segment
from rich.style import Style

StyledSpan = tuple[int, int, Style]
"""Start and end in characters, and a style that is added to those of the spans before it."""


def styled(text: str, base: Style, spans: Iterable[StyledSpan]) -> list[Segment]:
    """Return the segments of a text."""
    clipped = [(max(0, start), min(end, len(text)), style) for start, end, style in spans]
    kept = [span for span in clipped if span[0] < span[1]]
    if not kept:
        return [Segment(text, base)] if text else []
    edges = sorted({0, len(text), *(span[0] for span in kept), *(span[1] for span in kept)})
    segments = []
    for start, end in pairwise(edges):
        style = base
        for first, last, added in kept:
            if first <= start and end <= last:
                style += added
        segments.append(Segment(text[start:end], style))
    return segments
