"""Long work in slices: keys are handled between them."""

import time
from collections.abc import Iterator

FIRST_SLICE = 0.010
"""Seconds of work before the first repaint: work that is done by then is never shown unfinished."""

NEXT_SLICE = 0.006
"""Seconds of work between two times that keys are handled."""

SECONDS_A_PICTURE = 0.1
"""Seconds between two repaints of unfinished work: a repaint costs more than a slice."""


def run_for(work: Iterator[None], seconds: float) -> bool:
    """Run the work for that long at most; return True once it is done."""
    end = time.perf_counter() + seconds
    return all(time.perf_counter() < end for _ in work)
