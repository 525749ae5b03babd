"""The headline of a comparison."""

from collections.abc import Sequence

from layerscope.text import human_size, signed_size


def grown(names: Sequence[str], sizes: tuple[int | None, int | None], arrow: str) -> str:
    """Return two names with their sizes and the difference: ``app:v1 398 MB -> app:v2 415 MB (+17 MB)``."""
    old, new = sizes
    words = arrow.join(f"{name} {human_size(size)}" for name, size in zip(names, sizes, strict=True))
    return words if old is None or new is None else f"{words} ({signed_size(new - old)})"
