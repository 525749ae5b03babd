"""What a comparison on the screen hears from the threads beside it."""

from collections.abc import Hashable, Mapping, Sequence

from textual.message import Message

from layerscope.session.loaded_image import LoadedImage
from layerscope.tui.comparison.state import Compared


class LayersBeingRead(Message):
    """The layers are being read; ``share`` is the part that is done."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def can_replace(self, message: Message) -> bool:
        """Let only the last of several figures be handled."""
        return isinstance(message, LayersBeingRead)


class AllLayersRead(Message):
    """All layers have been read, or could not be."""

    def __init__(self, trees: Sequence[LoadedImage], error: str | None) -> None:
        super().__init__()
        self.trees = trees
        self.error = error


class ComparisonDone(Message):
    """A comparison has been computed, or could not be."""

    def __init__(self, wanted: Hashable, result: Compared | None, error: str | None) -> None:
        super().__init__()
        self.wanted = wanted
        self.result = result
        self.error = error


class MovesKnown(Message):
    """Which files moved is known: all of a comparison has been computed."""

    def __init__(self, result: Compared, moves: Mapping[int, bytes]) -> None:
        super().__init__()
        self.result = result
        self.moves = moves
