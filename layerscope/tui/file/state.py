"""What a file view shows: which version, what was found in it, and where it is to go. No widget knows more."""

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

from layerscope.analysis.text.encoding import TextEncoding
from layerscope.analysis.text.search import Found, Search
from layerscope.session.files.pages import FilePages
from layerscope.session.files.revision import FileRevision, shown, version_at, versions_of
from layerscope.session.files.text import FileText
from layerscope.session.loaded_image import LoadedImage

_MOST_HITS = 1_000_000


@dataclass(slots=True)
class Hits:
    """Where matches of a search start in the file, as far as it has been looked through."""

    search: Search
    offsets: "array[int]" = field(default_factory=lambda: array("Q"))
    complete: bool = False
    chosen: int | None = None
    wanted: int = 1
    """Steps that wait for matches, forwards or, below 0, backwards; the first match is wanted at once."""
    problem: str | None = None
    """Why the search ended before the file did."""

    @property
    def is_full(self) -> bool:
        """Whether no more is kept."""
        return len(self.offsets) >= _MOST_HITS

    def take(self, found: Found, size: int) -> None:
        """Take in what was found in a further part of a file of so many bytes."""
        self.offsets.extend(found.offsets[: _MOST_HITS - len(self.offsets)])
        self.complete = found.done >= size or self.is_full

    def settle(self, start: int) -> bool:
        """Take the steps that are wanted, as far as matches are known, the first from an offset on; tell of any."""
        is_taken = False
        while self.wanted:
            step = 1 if self.wanted > 0 else -1
            found = self._next(start if self.chosen is None else self.chosen, step)
            if found is None:
                self.wanted = 0 if self.complete else self.wanted
                break
            self.chosen = found
            self.wanted -= step
            is_taken = True
        return is_taken

    def _next(self, offset: int, step: int) -> int | None:
        """Return the next match behind an offset, or before it, or else, once all are known, at the other end."""
        place = bisect_right(self.offsets, offset) if step > 0 else bisect_left(self.offsets, offset) - 1
        if 0 <= place < len(self.offsets):
            return self.offsets[place]
        return self.offsets[0 if step > 0 else -1] if self.complete and self.offsets else None

    @property
    def words(self) -> str:
        """How many there are, and which of them is the chosen one."""
        count = f"{len(self.offsets):,}{'' if self.complete and not self.is_full else '+'}"
        if self.complete and not self.offsets:
            return "no match"
        noun = "match" if count == "1" else "matches"
        if self.chosen is None:
            return f"{count} {noun}"
        return f"{bisect_left(self.offsets, self.chosen) + 1:,} of {count} {noun}"


@dataclass(frozen=True, slots=True)
class Goal:
    """Where to go as soon as that place is known: a line, from 0, or an offset in bytes."""

    line: int | None = None
    offset: int | None = None


@dataclass(slots=True)
class OpenFile:
    """The bytes of the version that is shown; ``text`` where they are read as one."""

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
        data = self.pages.read(0, self.pages.size).removeprefix(encoding.mark)
        return data.decode(encoding.codec, "replace")


class FileState:
    """One path in a file view, at one of its versions."""

    def __init__(self, opened: LoadedImage, node: int, layer: int) -> None:
        self.opened = opened
        self.node = node
        self.versions = versions_of(opened, node)
        self.version = version_at(opened, node, layer) or self.versions[0]
        self.shown = shown(self.version)
        self.file: OpenFile | None = None
        self.digest: str | None = None

    @property
    def place(self) -> int:
        """The place of the version among all, from 0."""
        occurrences = [version.occurrence for version in self.versions]
        return occurrences.index(self.version.occurrence)

    @property
    def before(self) -> FileRevision | None:
        """The version before this one."""
        return self.versions[self.place - 1] if self.place else None

    def choose(self, version: FileRevision) -> None:
        """Show another version."""
        self.version, self.shown = version, shown(version)
        self.file, self.digest = None, None

    def neighbour(self, step: int) -> FileRevision | None:
        """Return a version before or behind this one."""
        place = self.place + step
        return self.versions[place] if 0 <= place < len(self.versions) else None
