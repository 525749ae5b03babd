"""The list of the aligned steps of two images."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from layerscope.analysis.comparison.layer_alignment import AlignedStep, Relation
from layerscope.text import human_size
from layerscope.tui.drawing.cells import cut, one_line, padded
from layerscope.tui.widgets.step_list import StepList

_GAP = "  "
_SIZE_WIDTH = 8
_MARKS = {Relation.SAME: "=", Relation.CHANGED: "~", Relation.ONLY_OLD: "-", Relation.ONLY_NEW: "+"}
_MARKED_WORDS = ("same", "only in old", "only in new")
_STYLES = {Relation.CHANGED: "modified", Relation.ONLY_OLD: "removed", Relation.ONLY_NEW: "added"}


@dataclass(frozen=True, slots=True)
class AlignedLine:
    """A step in the list; sizes are content bytes, None until the layers have been read.

    ``word`` describes the step: shared, rebuilt; ``cause`` says why the build cache missed here, if it did.
    """

    step: AlignedStep
    word: str
    cause: str = ""
    old_size: int | None = None
    new_size: int | None = None

    @property
    def words(self) -> str:
        """The word with the cause."""
        return f"{self.word}: {self.cause}" if self.cause else self.word

    @property
    def has_layer(self) -> bool:
        """True if the step made a layer in either image."""
        return bool(self.step.old_layer or self.step.new_layer)


class ListedSteps(Protocol):
    """The lines of a list of aligned steps, built when they are drawn."""

    @property
    def digits(self) -> int:
        """The digits of the highest layer number."""
        ...

    @property
    def miss(self) -> int | None:
        """The step where the build cache missed, if it did and the step made a layer."""
        ...

    def __len__(self) -> int:
        """Return the number of steps."""
        ...

    def __getitem__(self, item: int, /) -> AlignedLine:
        """Return the line of a step."""
        ...

    def is_layer(self, item: int) -> bool:
        """Return whether the step made a layer in either image."""
        ...


class AlignedList(StepList):
    """The list; its items are aligned steps."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: ListedSteps | None = None
        self._digits = 1

    def show(self, lines: ListedSteps, cursor: int) -> None:
        """Show these steps, with the cursor on one of them."""
        self._lines = lines
        self._digits = lines.digits
        self.refill(cursor)

    def item_count(self) -> int:
        """Return the number of steps."""
        return len(self._lines) if self._lines is not None else 0

    def is_layer(self, item: int) -> bool:
        """Return whether the step made a layer."""
        return self._lines is not None and self._lines.is_layer(item)

    def explained_item(self) -> int | None:
        """Return the step where the build cache missed: its last line says why."""
        return self._lines.miss if self._lines is not None else None

    def draw(self, item: int, line: int, width: int) -> list[Segment]:
        """Return one line of a step: figures and a word, the instruction, and for the cache miss its cause."""
        assert self._lines is not None  # noqa: S101  # without lines there is no item
        shown = self._lines[item]
        style, muted = self._style(shown.step.relation), self.style_of("muted")
        mark, indent = f"{_MARKS[shown.step.relation]} ", " " * (2 * self._digits + 3)
        title, room = one_line(shown.step.title, width, self.glyphs), width - len(mark) - len(indent)
        if item == self._lines.miss and line == len(self.lines_of(item)) - 1:
            words = shown.words if len(shown.words) <= room else f"cache miss: {shown.cause}"
            return [Segment(f"  {indent}"), Segment(cut(words, room, self.glyphs), style)]
        if line:
            return [Segment(f"  {indent}"), Segment(cut(title, room, self.glyphs), muted)]
        word = "" if item == self._lines.miss else shown.words
        lead = Segment(mark, style or muted)
        if not shown.has_layer:
            return [lead, Segment(indent), *self._beside(title, word, room, style or muted)]
        figures = [lead, Segment(self._numbers(shown.step), self.style_of("accent")), Segment(self._sizes(shown))]
        room = width - sum(len(segment.text) for segment in figures) - len(_GAP)
        if self.two_lines:
            return [*figures, Segment(_GAP + cut(word, room, self.glyphs), style or muted)]
        return [*figures, Segment(_GAP), *self._beside(title, word, room, style)]

    def _style(self, relation: Relation) -> Style | None:
        return self.style_of(_STYLES[relation]) if relation in _STYLES else None

    def _beside(self, title: str, word: str, room: int, style: Style | None) -> Iterator[Segment]:
        """Yield an instruction, and a word at the right: what the mark says as well is left out to make room."""
        left = room - len(_GAP) - len(word)
        is_needed = word not in _MARKED_WORDS
        if not word or (cell_len(title) > left and not is_needed):
            yield Segment(cut(title, room, self.glyphs), style)
        else:
            yield Segment(padded(title, left, self.glyphs) + _GAP, style)
            yield Segment(word, style or self.style_of("muted"))

    def _numbers(self, step: AlignedStep) -> str:
        old, new = step.old_layer or "", step.new_layer or ""
        return f"{old:>{self._digits}} {new:>{self._digits}}  "

    def _sizes(self, shown: AlignedLine) -> str:
        """Return the size in both images, or its change."""
        sizes = [size for size in (shown.old_size, shown.new_size) if size is not None]
        if not sizes:
            return " " * _SIZE_WIDTH
        if len(sizes) == 1 or sizes[0] == sizes[1]:
            return f"{human_size(sizes[0]):>{_SIZE_WIDTH}}"
        return f"{human_size(sizes[0]):>{_SIZE_WIDTH}} {self.glyphs.arrow} {human_size(sizes[1])}"
