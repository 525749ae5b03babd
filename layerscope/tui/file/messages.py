"""Messages from the workers and the parts of a file view."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message

from layerscope.analysis.text.search import Found
from layerscope.extraction.private_copy import PrivateCopy
from layerscope.session.files.revision import FileRevision
from layerscope.tui.drawing.syntax import ToneSpan
from layerscope.tui.file.background import Looks
from layerscope.tui.file.state import Hits, OpenFile


class FrameChanged(Message):
    """The content of a file has changed, so its frame needs other titles."""

    def can_replace(self, message: Message) -> bool:
        """Let only the last of several be handled."""
        return isinstance(message, FrameChanged)


@dataclass
class FileOpened(Message):
    """The first bytes of a version were read; ``file`` is None if that failed, and ``error`` says why."""

    version: FileRevision
    file: OpenFile | None
    error: str = ""


@dataclass
class FileActionFailed(Message):
    """An action on the file failed; ``sentence`` says why."""

    sentence: str


@dataclass
class FileDescribed(Message):
    """A file has been described, and its language recognized."""

    file: OpenFile
    looks: Looks


@dataclass
class RowsCounted(Message):
    """More rows of a file are known, or all that can be read."""

    file: OpenFile


@dataclass
class BytesLoaded(Message):
    """Missing bytes of a file were loaded, or could not be read."""

    file: OpenFile


@dataclass
class RowsToned(Message):
    """A window of rows has colours; ``tones`` is None if it was scrolled out of sight first."""

    file: OpenFile
    window: int
    tones: Sequence[Sequence[ToneSpan]] | None


@dataclass
class FileSearched(Message):
    """Another part of a file was searched."""

    file: OpenFile
    hits: Hits
    found: Found


@dataclass
class FileHashed(Message):
    """The digest of a file is known."""

    file: OpenFile
    digest: str


@dataclass
class TextRead(Message):
    """The text of a file was read, to be copied to the clipboard."""

    text: str


@dataclass
class FileCopied(Message):
    """A copy of a file was written for an external program."""

    copy: PrivateCopy
    command: Sequence[str]
