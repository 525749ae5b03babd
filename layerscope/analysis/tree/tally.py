"""The sums of one layer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LayerTally:
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
