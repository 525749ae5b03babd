"""The list of the aligned steps of two images."""

from dataclasses import dataclass
from typing import Protocol

from rich.segment import Segment

from layerscope.analysis.comparison.layer_alignment import AlignedStep, Relation
from layerscope.text import human_size
from layerscope.tui.drawing.cells import cut, one_line
from layerscope.tui.widgets.step_list import ONE_LINE, StepList

_SIZE_WIDTH = 8
_MARKS = {Relation.SAME: "=", Relation.CHANGED: "~", Relation.ONLY_OLD: "-", Relation.ONLY_NEW: "+"}
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
        """Return the step where the build cache missed: its second line says why."""
        return self._lines.miss if self._lines is not None else None

    def draw(self, item: int, line: int, width: int) -> list[Segment]:
        """Return one line of a step."""
        assert self._lines is not None  # noqa: S101  # without lines there is no item
        shown = self._lines[item]
        title = one_line(shown.step.title, width, self.glyphs)
        style = self.style_of(_STYLES[shown.step.relation]) if shown.step.relation in _STYLES else None
        muted = self.style_of("muted")
        lead = Segment(f"{_MARKS[shown.step.relation]} ", style or muted)
        indent = " " * (2 * self._digits + 3)
        if not shown.has_layer:
            text = f"{indent}{title}" if not shown.word else f"{indent}{title}  {shown.words}"
            return [lead, Segment(cut(text, width - 2, self.glyphs), style or muted)]
        if line and not self.two_lines:
            room = width - 2 - len(indent)
            words = shown.words if len(shown.words) <= room else f"cache miss: {shown.cause}"
            return [Segment(f"  {indent}", muted), Segment(cut(words, room, self.glyphs), style)]
        if line:
            lead, cause = Segment(f"  {indent}", muted), f"{shown.cause}  " if shown.cause else ""
            title = cut(title, width - len(lead.text) - len(cause), self.glyphs)
            return [lead, Segment(cause, style), Segment(title, muted)]
        figures = [lead, Segment(self._numbers(shown.step), self.style_of("accent")), Segment(self._sizes(shown))]
        room = width - sum(len(segment.text) for segment in figures) - 2
        if self.two_lines:
            return [*figures, Segment("  " + cut(shown.word, room, self.glyphs), style or muted)]
        text = f"{shown.words:<22}  {title}" if width >= ONE_LINE else title
        return [*figures, Segment("  " + cut(text, room, self.glyphs), style)]

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
