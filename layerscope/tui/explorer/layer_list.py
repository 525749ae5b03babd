"""The steps of an image in build order: size bar, content size, counts, instruction."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment

from layerscope.model.image import Layer, Step
from layerscope.text import human_size, printable_line
from layerscope.tui.drawing.cells import cut, padded
from layerscope.tui.widgets.step_list import StepList

_SIZE_WIDTH = 8
_WIDEST_BAR = 16
_WIDE = 110
"""Width below which a layer on one line has half the bar, to leave room for its instruction."""


@dataclass(frozen=True, slots=True)
class LayerLine:
    """A step in the list. Its size and counts are None until this layer and all layers before it are read."""

    step: Step
    layer: Layer | None = None
    content_size: int | None = None
    dead_size: int | None = None
    added: int | None = None
    modified: int | None = None
    removed: int | None = None
    progress: float | None = None
    error: str | None = None
    incomplete: bool = False
    marked: bool = False


class LayerList(StepList):
    """The layer list. Its items are steps."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: Sequence[LayerLine] = ()
        self._largest = 1
        self._digits = 1
        self._count_widths = [0] * 3
        self._dead_width = 0

    def show(self, lines: Sequence[LayerLine], cursor: int) -> None:
        """Show these steps, with the cursor on one of them."""
        self._lines = lines
        sizes = [line.content_size or (line.layer.blob_size if line.layer else 0) or 0 for line in lines]
        self._largest = max([1, *sizes])
        self._digits = len(str(sum(line.layer is not None for line in lines)))
        self._count_widths = [max(map(len, texts)) for texts in zip(*map(_count_texts, lines), strict=True)] or [0] * 3
        self._dead_width = max((len(_dead_text(line)) for line in lines), default=0)
        self.refill(cursor)

    def item_count(self) -> int:
        """Return the number of steps."""
        return len(self._lines)

    def is_layer(self, item: int) -> bool:
        """Return whether the step made a layer."""
        return self._lines[item].layer is not None

    def draw(self, item: int, line: int, width: int) -> list[Segment]:
        """Return one line of a step."""
        step_line = self._lines[item]
        indent = " " * (self._digits + 2)
        if step_line.layer is None:
            title = f"{' ' * self._digits}{self.glyphs.separator} {printable_line(step_line.step.title)}"
            return [Segment(cut(title, width, self.glyphs), self.style_of("muted"))]
        if line:
            return self._instruction(indent + printable_line(step_line.step.title), _dead_text(step_line), width)
        figures = self._figures(step_line, width)
        if self.two_lines:
            return figures
        if self._dead_width:
            figures.append(Segment(f"  {_dead_text(step_line):>{self._dead_width}}", self.style_of("dead")))
        room = width - sum(len(segment.text) for segment in figures) - 2
        return [*figures, Segment("  " + cut(printable_line(step_line.step.title), room, self.glyphs))]

    def _instruction(self, text: str, dead: str, width: int) -> list[Segment]:
        """Return the second line of a layer: its instruction, and on the right its dead bytes."""
        if not dead:
            return [Segment(cut(text, width, self.glyphs), self.style_of("muted"))]
        room = width - len(dead) - 2
        return [
            Segment(padded(text, room, self.glyphs), self.style_of("muted")),
            Segment(f"  {dead}", self.style_of("dead")),
        ]

    def _figures(self, step_line: LayerLine, width: int) -> list[Segment]:
        assert step_line.layer is not None  # noqa: S101  # a step without a layer has no figures
        mark = self.glyphs.marked if step_line.marked else " "
        number = Segment(f"{step_line.layer.number:>{self._digits}}{mark} ", self.style_of("accent"))
        if step_line.error is not None:
            return [
                number,
                Segment(cut(f"! {printable_line(step_line.error)}", width - 4, self.glyphs), self.style_of("error")),
            ]
        if step_line.progress is not None:
            blob = human_size(step_line.layer.blob_size)
            text = f"reading {step_line.progress:.0%}" if step_line.progress else "waiting"
            return [
                number,
                Segment(f"{'':{self._bar_width(width)}}{blob:>{_SIZE_WIDTH}} stored, {text}", self.style_of("muted")),
            ]
        size = Segment(f"{human_size(step_line.content_size):>{_SIZE_WIDTH}}")
        return [number, *self._bar(step_line, self._bar_width(width)), size, *self._counts(step_line)]

    def _bar_width(self, width: int) -> int:
        widest = _WIDEST_BAR if self.two_lines or width >= _WIDE else _WIDEST_BAR // 2
        return max(4, min(widest, width - self._digits - 34))

    def _bar(self, step_line: LayerLine, width: int) -> list[Segment]:
        """Return the size bar, with its dead part at the end."""
        size, dead = step_line.content_size or 0, step_line.dead_size or 0
        whole = self.glyphs.bar(size / self._largest, width)
        dead_cells = min(len(whole), round(dead / self._largest * width)) if dead else 0
        if dead and not dead_cells and dead * 2 > size:
            dead_cells = min(1, len(whole))
        live = whole[: len(whole) - dead_cells]
        padding = " " * (width - len(whole))
        return [
            Segment(live, self.style_of("bar")),
            Segment(self.glyphs.dead * dead_cells, self.style_of("dead")),
            Segment(padding),
        ]

    def _counts(self, step_line: LayerLine) -> list[Segment]:
        styles = ("added", "modified", "removed")
        cells = [
            Segment(f"  {text:<{width}}", self.style_of(style))
            for text, style, width in zip(_count_texts(step_line), styles, self._count_widths, strict=True)
            if width
        ]
        if step_line.incomplete:
            cells.append(Segment(" ?", self.style_of("error")))
        return cells


def _dead_text(line: LayerLine) -> str:
    return f"{human_size(line.dead_size)} dead" if line.dead_size else ""


def _count_texts(line: LayerLine) -> tuple[str, str, str]:
    counts = (("+", line.added), ("~", line.modified), ("-", line.removed))
    added, modified, removed = (f"{mark}{count:,}" if count else "" for mark, count in counts)
    return added, modified, removed
