"""Messages from the workers of a file comparison."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message

from layerscope.comparison.file_difference import FileDifference
from layerscope.tui.drawing.syntax import ToneSpan


@dataclass
class FilesCompared(Message):
    """Two revisions were compared; ``difference`` is None if that failed, and ``error`` says why."""

    difference: FileDifference | None
    error: str = ""


@dataclass
class BothToned(Message):
    """The lines of both revisions have colours."""

    old: Sequence[Sequence[ToneSpan]]
    new: Sequence[Sequence[ToneSpan]]


@dataclass
class BothHashed(Message):
    """The digests of both revisions are known."""

    old: str
    new: str
