"""The sums of layers, and the warnings that stacking them gives."""

from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct, field

from layerscope.model.image import known_sum
from layerscope.text import human_size, plural, printable_name


class LayerTally(Struct, frozen=True):
    """The counts and the content size of one layer; None for all of them if the layer could not be read at all.

    ``error`` says why a layer is missing or incomplete: the counts then cover what was read, and the size is unknown.
    ``rests_on_incomplete`` is set if a previous layer is incomplete.
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


class Tallies(Struct, frozen=True, dict=True):
    """The sums of each layer by its number; ``dead`` is None unless all layers were read whole."""

    layers: Mapping[int, LayerTally] = field(default_factory=dict)
    dead: Mapping[int, int] | None = None

    @cached_property
    def content_size(self) -> int | None:
        """The content bytes of all layers together; None if one is unknown."""
        return known_sum(tally.content_size for tally in self.layers.values())

    @cached_property
    def dead_size(self) -> int | None:
        """The dead bytes of the image; None if a layer is unknown."""
        return None if self.dead is None else sum(self.dead.values())

    def dead_in(self, layer: int) -> int | None:
        """Return the bytes that the layer wrote and that are dead; None if they are unknown."""
        return None if self.dead is None else self.dead.get(layer, 0)

    @property
    def efficiency(self) -> float | None:
        """The share of all content that is not dead; 1 for an image without content."""
        total, dead = self.content_size, self.dead_size
        if total is None or dead is None:
            return None
        return 1 - dead / total if total else 1.0


def left_out_warning(entries: int, most_folders: int, most_bytes: int) -> str:
    """Return the warning that entries were left out, because an image may not imply more folders than this."""
    return (
        f"{plural(entries, 'entry was', 'entries were')} left out: their folders have no entries, and the image has"
        f" more than {most_folders:,} such folders or {human_size(most_bytes)} of paths"
    )


def contradiction_warning(path: bytes, more: int) -> str:
    """Return the warning that a path, and ``more`` others, are a folder and something else in one layer."""
    others = f" (and {plural(more, 'more such path')})" if more else ""
    return (
        f"the layer has entries below /{printable_name(path)}, which it also makes a link or a file{others}:"
        " the last entry decides"
    )
