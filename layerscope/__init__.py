"""layerscope opens a container image and shows it layer by layer.

The names in ``__all__`` are the Python API. They are imported when they are first used.
"""

TYPE_CHECKING = False  # the one of typing takes 3 ms to import
if TYPE_CHECKING:
    from layerscope.api import (
        Advice,
        Change,
        DeadFile,
        Entry,
        Event,
        ImageDifferences,
        ImageTree,
        Layer,
        LayerscopeError,
        OpenImage,
        Step,
        compare,
        open,  # noqa: A004  # as `tarfile.open` is
    )

__version__ = "0.1.0"

__all__ = [
    "Advice",
    "Change",
    "DeadFile",
    "Entry",
    "Event",
    "ImageDifferences",
    "ImageTree",
    "Layer",
    "LayerscopeError",
    "OpenImage",
    "Step",
    "compare",
    "open",
]


def __getattr__(name: str) -> object:
    """Return a name of the API."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from layerscope import api  # noqa: PLC0415  # 60 ms: a program may not use it

    return getattr(api, name)
