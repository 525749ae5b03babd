"""Long work in slices, so that keys are answered in between."""

import time
from collections.abc import Iterator

FIRST_SLICE = 0.010
"""Seconds of work before the first picture: what is done by then never shows as unfinished."""

NEXT_SLICE = 0.006
"""Seconds of work between two looks at the keys."""

SECONDS_A_PICTURE = 0.1
"""How often unfinished work is shown: a picture costs more than a slice."""


def run_for(work: Iterator[None], seconds: float) -> bool:
    """Drive the work for so long at most; True once it is done."""
    end = time.perf_counter() + seconds
    return all(time.perf_counter() < end for _ in work)
