"""Messages from the threads of a comparison."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from textual.message import Message

from layerscope.session.loaded_image import LoadedImage
from layerscope.tui.comparison.state import Compared


@dataclass
class LayersBeingRead(Message):
    """Some layers have been read; ``share`` is the part of them, from 0 to 1."""

    share: float

    def can_replace(self, message: Message) -> bool:
        """Let only the last of several be handled."""
        return isinstance(message, LayersBeingRead)


@dataclass
class AllLayersRead(Message):
    """All layers were read; ``error`` says why if that failed."""

    trees: Sequence[LoadedImage]
    error: str | None


@dataclass
class ComparisonDone(Message):
    """A comparison was computed; ``error`` says why if that failed."""

    wanted: Hashable
    result: Compared | None
    error: str | None


@dataclass
class MovesKnown(Message):
    """The moved files are known, by node, and with them everything about a comparison."""

    result: Compared
    moves: Mapping[int, bytes]


class DetailsComputed(Message):
    """The details that take longer than the comparison are known."""
