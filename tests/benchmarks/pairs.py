"""Measures two things in turn, A B A B, so that a machine whose speed wanders spoils neither."""

from collections.abc import Callable, Sequence
from statistics import median


def in_pairs(one: Callable[[], float], other: Callable[[], float], count: int) -> list[tuple[float, float]]:
    """Return the seconds of so many pairs; a first pair, which warms caches, is not among them."""
    return [(one(), other()) for _ in range(count + 1)][1:]


def print_pairs(pairs: Sequence[tuple[float, float]], one: str, other: str) -> None:
    """Print each pair with its ratio, then the medians."""
    width = max(len(one), len(other), 10)
    print(f"{'':8}{one:>{width}}  {other:>{width}}  ratio")
    for number, (first, second) in enumerate(pairs, 1):
        print(f"pair {number:<3}{_seconds(first):>{width}}  {_seconds(second):>{width}}  {first / second:5.2f}")
    medians = [median(column) for column in zip(*pairs, strict=True)]
    ratio = median(first / second for first, second in pairs)
    print(f"median  {_seconds(medians[0]):>{width}}  {_seconds(medians[1]):>{width}}  {ratio:5.2f}")


def _seconds(value: float) -> str:
    return f"{value:.3f} s"
