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
"""Narrower than this, a layer on one line has half the bar, for the sake of its instruction."""


@dataclass(frozen=True, slots=True)
class LayerLine:
    """What the list shows of a step; its size and counts are None until the layer and those below are read."""

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
    """The layer list; its items are steps."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: Sequence[LayerLine] = ()
        self._largest = 1
        self._digits = 1
        self._count_widths = [0] * 3
        self._dead_width = 0

    def show(self, lines: Sequence[LayerLine], cursor: int) -> None:
        """Show these steps, the cursor on one of them."""
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
        """Tell whether the step made a layer."""
        return self._lines[item].layer is not None

    def draw(self, item: int, line: int, width: int) -> list[Segment]:
        """Return one line of a step."""
        shown = self._lines[item]
        indent = " " * (self._digits + 2)
        if shown.layer is None:
            title = f"{' ' * self._digits}{self.glyphs.separator} {printable_line(shown.step.title)}"
            return [Segment(cut(title, width, self.glyphs), self.style_of("muted"))]
        if line:
            return self._instruction(indent + printable_line(shown.step.title), _dead_text(shown), width)
        figures = self._figures(shown, width)
        if self.two_lines:
            return figures
        if self._dead_width:
            figures.append(Segment(f"  {_dead_text(shown):>{self._dead_width}}", self.style_of("dead")))
        room = width - sum(len(segment.text) for segment in figures) - 2
        return [*figures, Segment("  " + cut(printable_line(shown.step.title), room, self.glyphs))]

    def _instruction(self, text: str, dead: str, width: int) -> list[Segment]:
        """Return a layer's second line: its instruction, and at the end its dead bytes."""
        if not dead:
            return [Segment(cut(text, width, self.glyphs), self.style_of("muted"))]
        room = width - len(dead) - 2
        return [
            Segment(padded(text, room, self.glyphs), self.style_of("muted")),
            Segment(f"  {dead}", self.style_of("dead")),
        ]

    def _figures(self, shown: LayerLine, width: int) -> list[Segment]:
        assert shown.layer is not None  # noqa: S101  # a step without one has no figures
        mark = self.glyphs.marked if shown.marked else " "
        number = Segment(f"{shown.layer.number:>{self._digits}}{mark} ", self.style_of("accent"))
        if shown.error is not None:
            return [
                number,
                Segment(cut(f"! {printable_line(shown.error)}", width - 4, self.glyphs), self.style_of("error")),
            ]
        if shown.progress is not None:
            blob = human_size(shown.layer.blob_size)
            text = f"reading {shown.progress:.0%}" if shown.progress else "waiting"
            return [
                number,
                Segment(f"{'':{self._bar_width(width)}}{blob:>{_SIZE_WIDTH}} stored, {text}", self.style_of("muted")),
            ]
        size = Segment(f"{human_size(shown.content_size):>{_SIZE_WIDTH}}")
        return [number, *self._bar(shown, self._bar_width(width)), size, *self._counts(shown)]

    def _bar_width(self, width: int) -> int:
        widest = _WIDEST_BAR if self.two_lines or width >= _WIDE else _WIDEST_BAR // 2
        return max(4, min(widest, width - self._digits - 34))

    def _bar(self, shown: LayerLine, width: int) -> list[Segment]:
        """Return the size bar, its dead part set apart."""
        size, dead = shown.content_size or 0, shown.dead_size or 0
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

    def _counts(self, shown: LayerLine) -> list[Segment]:
        styles = ("added", "modified", "removed")
        cells = [
            Segment(f"  {text:<{width}}", self.style_of(style))
            for text, style, width in zip(_count_texts(shown), styles, self._count_widths, strict=True)
            if width
        ]
        if shown.incomplete:
            cells.append(Segment(" ?", self.style_of("error")))
        return cells


def _dead_text(line: LayerLine) -> str:
    return f"{human_size(line.dead_size)} dead" if line.dead_size else ""


def _count_texts(line: LayerLine) -> tuple[str, str, str]:
    counts = (("+", line.added), ("~", line.modified), ("-", line.removed))
    added, modified, removed = (f"{mark}{count:,}" if count else "" for mark, count in counts)
    return added, modified, removed
