"""The steps of an image in build order: size bar, content size, counts, instruction."""

from typing import Protocol

from msgspec import Struct
from rich.segment import Segment

from layerscope.model.image import Layer, Step
from layerscope.text import human_size, whole_percent
from layerscope.tui.drawing.cells import one_line, padded, segments_length
from layerscope.tui.widgets.step_list import ONE_LINE, ShownInstruction, StepList

_SIZE_WIDTH = 8
_WIDEST_BAR, _NARROW_BAR = 16, 6
_WIDE = 110
"""Width below which a layer on one line has half the bar, to leave room for its instruction."""
_LEAST_INSTRUCTION = 18
"""The cells of an instruction that the counts and the dead bytes leave in a narrow list."""


class LayerLine(Struct, frozen=True):
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
    has_warnings: bool = False
    marked: bool = False


class StepLines(Protocol):
    """The lines of a list of steps."""

    def __len__(self) -> int: ...

    def __getitem__(self, item: int, /) -> LayerLine: ...

    def layer_at(self, item: int) -> int | None:
        """Return the number of the layer that a step made, if it made one."""
        ...


class LayerColumns(Struct, frozen=True):
    """The size that fills a bar, and the widths of the columns: number, three counts, dead bytes."""

    largest: int = 1
    digits: int = 1
    counts: tuple[int, ...] = (0, 0, 0)
    dead: int = 0


class LayerList(StepList):
    """The layer list. Its items are steps."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: StepLines | None = None
        self._columns = LayerColumns()
        self._lit = 0

    def show(self, lines: StepLines, columns: LayerColumns, cursor: int) -> None:
        self._lines, self._columns = lines, columns
        self.refill(cursor)

    def item_count(self) -> int:
        return len(self._lines) if self._lines is not None else 0

    def is_layer(self, item: int) -> bool:
        return self._lines is not None and self._lines.layer_at(item) is not None

    def light_up(self, layer: int) -> None:
        """Light up a layer, or, with 0, none."""
        if layer != self._lit:
            self._lit = layer
            self.refresh()

    def _is_lit(self, item: int) -> bool:
        return bool(self._lit) and self._lines is not None and self._lines.layer_at(item) == self._lit

    def strip_key(self, item: int) -> object:
        return item, self._is_lit(item)

    def instruction_of(self, item: int, width: int, *, two_lines: bool) -> ShownInstruction:
        """Return the instruction of a step, and its room: below the figures, or beside them."""
        assert self._lines is not None  # noqa: S101  # there is an item
        step_line = self._lines[item]
        if step_line.layer is None:
            before = self._columns.digits + 2
        elif two_lines:
            dead = dead_text(step_line.dead_size)
            before = self._columns.digits + 2 + (len(dead) + 2 if dead else 0)
        else:
            before = segments_length(self._beside_instruction(step_line, width))
        return ShownInstruction(step_line.step.title, max(1, width - before))

    def draw(self, item: int, line: int, width: int) -> list[Segment]:
        assert self._lines is not None  # noqa: S101  # there is an item
        step_line, part = self._lines[item], self.instruction_part(item, line)
        digits, muted = self._columns.digits, self.style_of("muted")
        if step_line.layer is None:
            return [Segment(f"{' ' * digits}{' ' if line else self.glyphs.separator} {part}", muted)]
        if self.two_lines:
            return (
                self._below(step_line, part, line, width) if line else self._figures(step_line, width, two_lines=True)
            )
        beside = self._beside_instruction(step_line, width)
        return [*([Segment(" " * segments_length(beside))] if line else beside), Segment(part)]

    def _below(self, step_line: LayerLine, part: str, line: int, width: int) -> list[Segment]:
        """Return a line of an instruction below the figures; right of the first one are the dead bytes."""
        dead = dead_text(step_line.dead_size) if line == 1 else ""
        room = width - self._columns.digits - 2 - len(dead)
        text = " " * (self._columns.digits + 2) + padded(part, room, self.glyphs)
        return [Segment(text, self.style_of("muted")), Segment(dead, self.style_of("dead"))]

    def _beside_instruction(self, step_line: LayerLine, width: int) -> list[Segment]:
        """Return what is before the instruction of a layer that takes one line."""
        figures = self._figures(step_line, width, two_lines=False)
        if self._columns.dead and self._has_room(width, self._counts_width + self._columns.dead + 2):
            figures.append(Segment(f"  {dead_text(step_line.dead_size):>{self._columns.dead}}", self.style_of("dead")))
        return [*figures, Segment("  ")]

    def _number(self, step_line: LayerLine, layer: Layer) -> list[Segment]:
        """Return the number of a layer, whether it is marked to be compared, and whether its details say more."""
        mark = self.glyphs.marked if step_line.marked else " "
        warning = "?" if step_line.incomplete else "!" if step_line.has_warnings else " "
        is_from_table = warning == " " and layer.table is not None
        style = self.style_of("lit" if layer.number == self._lit else "accent")
        return [
            Segment(f"{layer.number:>{self._columns.digits}}{mark}", style),
            Segment(self.glyphs.table, self.style_of("muted"))
            if is_from_table
            else Segment(warning, self.style_of("error")),
        ]

    def _figures(self, step_line: LayerLine, width: int, *, two_lines: bool) -> list[Segment]:
        assert step_line.layer is not None  # noqa: S101  # a step without a layer has no figures
        number = self._number(step_line, step_line.layer)
        if step_line.error is not None:
            error = one_line(f"! {step_line.error}", width - self._columns.digits - 2, self.glyphs)
            return [*number, Segment(error, self.style_of("error"))]
        if step_line.progress is not None:
            stored, words = _reading_words(step_line.layer, step_line.progress)
            room = self._bar_width(width, two_lines=two_lines) + _SIZE_WIDTH
            return [*number, Segment(f"{stored:>{room}}{words}", self.style_of("muted"))]
        size = Segment(f"{human_size(step_line.content_size):>{_SIZE_WIDTH}}")
        counts = self._counts(step_line) if two_lines or self._has_room(width, self._counts_width) else []
        return [*number, *self._bar(step_line, self._bar_width(width, two_lines=two_lines)), size, *counts]

    @property
    def _counts_width(self) -> int:
        return sum(width + 2 for width in self._columns.counts if width)

    def _has_room(self, width: int, cells: int) -> bool:
        """Return whether a layer on one line has room for more than its size before its instruction."""
        taken = self._columns.digits + 2 + self._bar_width(width, two_lines=False) + _SIZE_WIDTH + 2
        return width >= ONE_LINE or width - taken - cells >= _LEAST_INSTRUCTION

    def _bar_width(self, width: int, *, two_lines: bool) -> int:
        if not two_lines and width < ONE_LINE:
            return _NARROW_BAR
        widest = _WIDEST_BAR if two_lines or width >= _WIDE else _WIDEST_BAR // 2
        return max(4, min(widest, width - self._columns.digits - 34))

    def _bar(self, step_line: LayerLine, width: int) -> list[Segment]:
        """Return the size bar, with its dead part at the end."""
        size, dead = step_line.content_size or 0, step_line.dead_size or 0
        return [*self.bar((size - dead) / self._columns.largest, dead / self._columns.largest, width)]

    def _counts(self, step_line: LayerLine) -> list[Segment]:
        texts = count_texts(step_line.added, step_line.modified, step_line.removed)
        return [
            Segment(f"  {text:<{width}}", self.style_of(style))
            for text, style, width in zip(texts, ("added", "modified", "removed"), self._columns.counts, strict=True)
            if width
        ]


def _reading_words(layer: Layer, progress: float) -> tuple[str, str]:
    """Return the stored size of a layer, and how far its reading is: it has figures once all before it were read."""
    size = "" if layer.blob_size is None else human_size(layer.blob_size)
    if size and not progress and layer.blob is None and layer.unpacked is None:
        return size, " to fetch"
    words = "read" if progress == 1 else f"reading {whole_percent(progress)}" if progress else "waiting"
    return size, f"{' stored, ' if size else ''}{words}"


def dead_text(size: int | None) -> str:
    """Return the dead bytes of a layer in words, or an empty text."""
    return f"{human_size(size)} dead" if size else ""


def count_texts(added: int | None, modified: int | None, removed: int | None) -> tuple[str, ...]:
    """Return the numbers of changes with their marks; empty texts for none."""
    counts = (("+", added), ("~", modified), ("-", removed))
    return tuple(f"{mark}{count:,}" if count else "" for mark, count in counts)
