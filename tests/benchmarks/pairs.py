"""Measurements in alternating pairs, A B A B, so that a change in the speed of the machine affects both sides."""

from collections.abc import Callable, Sequence
from statistics import median


def in_pairs(subject: Callable[[], float], reference: Callable[[], float], count: int) -> list[tuple[float, float]]:
    """Return the seconds of so many pairs, after a first pair that only warms caches."""
    return [(subject(), reference()) for _ in range(count + 1)][1:]


def print_pairs(pairs: Sequence[tuple[float, float]], subject: str, reference: str) -> None:
    """Print each pair with its ratio, and the medians."""
    width = max(len(subject), len(reference), 10)
    print(f"{'':8}{subject:>{width}}  {reference:>{width}}  ratio")
    for number, (first, second) in enumerate(pairs, 1):
        print(f"pair {number:<3}{_seconds(first):>{width}}  {_seconds(second):>{width}}  {first / second:5.2f}")
    medians = [median(column) for column in zip(*pairs, strict=True)]
    ratio = median(first / second for first, second in pairs)
    print(f"median  {_seconds(medians[0]):>{width}}  {_seconds(medians[1]):>{width}}  {ratio:5.2f}")


def _seconds(value: float) -> str:
    return f"{value:.3f} s"
