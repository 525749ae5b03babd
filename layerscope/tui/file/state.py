"""The state of a file view: the revision that is shown, the matches in it, where to scroll to, and its words."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from layerscope.analysis.text.encoding import TextEncoding
from layerscope.analysis.text.index import TextIndex
from layerscope.analysis.text.search import Found, Search
from layerscope.session.files.pages import FilePages
from layerscope.session.files.revision import FileRevision, revisions_of, shown
from layerscope.session.files.text import FileText
from layerscope.text import human_share, human_size, plural, printable_line

_MOST_HITS = 1_000_000


@dataclass(slots=True)
class Hits:
    """The offsets of the matches in the part of a file that has been searched."""

    search: Search
    offsets: "array[int]" = field(default_factory=lambda: array("Q"))
    complete: bool = False
    chosen: int | None = None
    wanted: int = 1
    """Steps to matches that are not known yet, negative for backwards; the first match is always wanted."""
    problem: str | None = None
    """The reason why the search ended before the end of the file."""

    @property
    def is_full(self) -> bool:
        """True if no more matches are kept."""
        return len(self.offsets) >= _MOST_HITS

    def take(self, found: Found, size: int) -> None:
        """Add the matches of the next part of a file; ``size`` is that of the file in bytes."""
        self.offsets.extend(found.offsets[: _MOST_HITS - len(self.offsets)])
        self.complete = found.done >= size or self.is_full

    def settle(self, start: int) -> bool:
        """Take the wanted steps as far as matches are known, the first one from ``start``; return whether any was."""
        is_taken = False
        while self.wanted:
            step = 1 if self.wanted > 0 else -1
            offset = self._next(start if self.chosen is None else self.chosen, step)
            if offset is None:
                self.wanted = 0 if self.complete else self.wanted
                break
            self.chosen = offset
            self.wanted -= step
            is_taken = True
        return is_taken

    def _next(self, offset: int, step: int) -> int | None:
        """Return the next match after or before an offset; once all are known, wrap around."""
        index = bisect_right(self.offsets, offset) if step > 0 else bisect_left(self.offsets, offset) - 1
        if 0 <= index < len(self.offsets):
            return self.offsets[index]
        return self.offsets[0 if step > 0 else -1] if self.complete and self.offsets else None

    @property
    def words(self) -> str:
        """The number of matches, and the position of the chosen one."""
        count = f"{len(self.offsets):,}{'' if self.complete and not self.is_full else '+'}"
        if self.complete and not self.offsets:
            return "no match"
        noun = "match" if count == "1" else "matches"
        if self.chosen is None:
            return f"{count} {noun}"
        return f"{bisect_left(self.offsets, self.chosen) + 1:,} of {count} {noun}"


@dataclass(frozen=True, slots=True)
class Goal:
    """A position to scroll to as soon as it is known: a line, counted from 0, or an offset in bytes."""

    line: int | None = None
    offset: int | None = None


@dataclass(slots=True)
class OpenFile:
    """The bytes of the revision that is shown; ``text`` is set while they are shown as text."""

    pages: FilePages
    encoding: TextEncoding | None
    head: bytes
    path: bytes
    description: str | None = None
    text: FileText | None = None
    hits: Hits | None = None
    goal: Goal | None = None

    def whole_text(self) -> str:
        """Return the text of a small file, without a byte order mark; raises FormatError."""
        encoding = self.encoding or TextEncoding.LATIN_1
        data = self.pages.read(0, self.pages.size).removeprefix(encoding.byte_order_mark)
        return data.decode(encoding.codec, "replace")


class FileState:
    """One path in a file view, at one of its revisions."""

    def __init__(self, revision: FileRevision) -> None:
        self.opened = revision.opened
        self.revisions = revisions_of(revision.opened, revision.node)
        self.revision = revision
        self.shown = shown(revision)
        self.file: OpenFile | None = None
        self.digest: str | None = None

    @property
    def position(self) -> int:
        """The position of the revision among all, from 0."""
        occurrences = [revision.occurrence for revision in self.revisions]
        return occurrences.index(self.revision.occurrence)

    @property
    def previous(self) -> FileRevision | None:
        return self.revision.previous

    def choose(self, revision: FileRevision) -> None:
        self.revision, self.shown = revision, shown(revision)
        self.file, self.digest = None, None

    def neighbour(self, step: int) -> FileRevision | None:
        """Return the revision ``step`` positions after this one, or None."""
        position = self.position + step
        return self.revisions[position] if 0 <= position < len(self.revisions) else None


def text_words(file: OpenFile) -> Iterator[str]:
    """Yield the encoding of a text and its line ends, as far as they are known."""
    if file.encoding is None:
        yield "Not text, shown as Latin-1"
        return
    yield file.encoding.word
    if file.text is None:
        return
    index = file.text.index
    if index.line_feeds:
        ends = {"LF": index.line_feeds - index.crlfs, "CRLF": index.crlfs}
        yield " and ".join(name for name, count in ends.items() if count)
    if index.is_finished and not index.has_last_feed:
        yield "no line feed at the end"


def position_words(file: OpenFile, visible: range, row_size: int, *, is_text: bool) -> Iterator[str]:
    """Yield the visible part, the matches of a search, and why the rest cannot be read."""
    if file.goal is not None:
        yield "going there"
    if file.hits is not None:
        yield file.hits.words
    if not is_text or file.text is None:
        at, size = visible.start * row_size, plural(file.pages.size, "byte")
        is_all = not at and len(visible) * row_size >= file.pages.size
        if not file.pages.is_readable:
            yield "sparse, not read to its end"
        yield f"all of {size}" if is_all else f"from {at:#x}, {human_share(at, file.pages.size) or '0 %'} of {size}"
    else:
        yield from _visible_lines(file.text.index, visible)
    if file.pages.problem:
        yield f"the rest cannot be read: {printable_line(file.pages.problem)}"


def _visible_lines(index: TextIndex, visible: range) -> Iterator[str]:
    if visible:
        lines = index.lines if index.is_finished else index.line_feeds
        yield f"line {index.line_of(visible.start) + 1:,} to {index.line_of(visible.stop - 1) + 1:,} of {lines:,}"
    if not index.is_finished:
        yield f"{human_size(index.size)} counted"
