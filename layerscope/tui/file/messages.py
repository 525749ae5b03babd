"""What the workers of a file view, and its parts, tell each other."""

from collections.abc import Sequence

from textual.message import Message

from layerscope.analysis.text.search import Found
from layerscope.comparison.file_difference import FileDifference
from layerscope.extraction.private_copy import PrivateCopy
from layerscope.session.files.revision import FileRevision
from layerscope.tui.drawing.syntax import ToneSpan
from layerscope.tui.file.state import Hits, OpenFile
from layerscope.tui.file.work import Looks


class FileKeysChanged(Message):
    """Other keys work than before."""


class FileOpened(Message):
    """The head of a version was read, or, where there is no file, could not be."""

    def __init__(self, version: FileRevision, file: OpenFile | None, error: str = "") -> None:
        super().__init__()
        self.version = version
        self.file = file
        self.error = error


class FileFailed(Message):
    """What was asked for could not be done."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class FileWork(Message):
    """Something more is known of a file; who has gone on to another one does not care."""

    def __init__(self, file: OpenFile) -> None:
        super().__init__()
        self.file = file


class FileNamed(FileWork):
    """It has a description, and a language."""

    def __init__(self, file: OpenFile, looks: Looks) -> None:
        super().__init__(file)
        self.looks = looks


class RowsCounted(FileWork):
    """More of its rows are known, or all that can be."""


class BytesLoaded(FileWork):
    """Bytes that were missing are there, or cannot be read."""


class RowsToned(FileWork):
    """A window of its rows has colours, or, where ``tones`` is None, was out of sight before it got them."""

    def __init__(self, file: OpenFile, window: int, tones: Sequence[Sequence[ToneSpan]] | None) -> None:
        super().__init__(file)
        self.window = window
        self.tones = tones


class FileSearched(FileWork):
    """A part of it was looked through."""

    def __init__(self, file: OpenFile, hits: Hits, found: Found) -> None:
        super().__init__(file)
        self.hits = hits
        self.found = found


class FileHashed(FileWork):
    """Its digest is known."""

    def __init__(self, file: OpenFile, digest: str) -> None:
        super().__init__(file)
        self.digest = digest


class TextRead(Message):
    """A text is to go to the clipboard."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class FileCopied(Message):
    """A copy of a file is there for another program."""

    def __init__(self, copy: PrivateCopy, command: Sequence[str]) -> None:
        super().__init__()
        self.copy = copy
        self.command = command


class FilesCompared(Message):
    """What differs between two versions is known, or cannot be."""

    def __init__(self, found: FileDifference | None, error: str = "") -> None:
        super().__init__()
        self.found = found
        self.error = error


class SidesToned(Message):
    """The lines of both versions have colours."""

    def __init__(self, old: Sequence[Sequence[ToneSpan]], new: Sequence[Sequence[ToneSpan]]) -> None:
        super().__init__()
        self.old = old
        self.new = new


class SidesHashed(Message):
    """The digests of both versions are known."""

    def __init__(self, before: str, after: str) -> None:
        super().__init__()
        self.before = before
        self.after = after
