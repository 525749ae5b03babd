"""The sums of one layer, and the warnings that stacking it gives."""

from msgspec import Struct

from layerscope.text import human_size, plural, printable_name


class LayerTally(Struct, frozen=True):
    """The counts and the content size of one layer; None for all of them if the layer could not be read at all.

    ``error`` says why a layer is missing or incomplete: the counts then cover what was read, and the size is unknown.
    ``rests_on_incomplete`` is set if a layer below it is incomplete.
    """

    layer: int
    entries: int | None = None
    added: int | None = None
    modified: int | None = None
    removed: int | None = None
    content_size: int | None = None
    error: str | None = None
    rests_on_incomplete: bool = False
    warnings: tuple[str, ...] = ()


def left_out_warning(entries: int, most_folders: int, most_bytes: int) -> str:
    """Return the warning that entries were left out, because an image may not imply more folders than this."""
    return (
        f"{plural(entries, 'entry was', 'entries were')} left out: their folders have no entries, and the image has"
        f" more than {most_folders:,} such folders or {human_size(most_bytes)} of paths"
    )


def contradiction_warning(path: bytes, more: int) -> str:
    """Return the warning that a path, and so many more, are a folder and something else in one layer."""
    others = f" (and {plural(more, 'more such path')})" if more else ""
    return (
        f"the layer has entries below /{printable_name(path)}, which it also makes a link or a file{others}:"
        " the last entry decides"
    )
