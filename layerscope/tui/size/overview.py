"""The overview of the size view: secrets and advice, one after the other, with the one under the cursor explained."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import sub
from typing import ClassVar, NamedTuple, Protocol

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.message import Message

from layerscope.analysis.advice.advice import Advice
from layerscope.analysis.advice.edits import CHANGE_ABOVE, Edits, combined_edits, diff_lines, new_instructions
from layerscope.analysis.advice.secrets import REMEDY, Secret
from layerscope.analysis.size.duplicates import Duplicate
from layerscope.analysis.size.layers_and_files import LayerSize
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.remarks import duplicates_matter, no_advice_sentence
from layerscope.text import human_share, human_size, plural, printable_line, printable_path
from layerscope.tui.drawing.bars import BarStyles, bar_segments
from layerscope.tui.drawing.cells import cut, cut_middle, folded, instruction_lines, padded
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.size.lists.model import Subject
from layerscope.tui.size.state import ALL_SECRETS, SizeView, Topic
from layerscope.tui.widgets.line_list import LineList, TallList, fitting_heights

BAR_WIDTH = 12
_INDENT = "      "
_MOST_SECRETS, _MOST_LAYERS = 4, 8
"""The secrets and layers with a line of their own."""

_WIDE, _CAUSE_SHARE = 130, 0.65
"""The cells from which on an instruction is beside its cause, and the part of both that the cause has at most."""


@dataclass(frozen=True, slots=True)
class SizeShare:
    """A bar of live and dead bytes, as shares of its full length."""

    live: float
    dead: float


Spans = list[tuple[str, str | None] | SizeShare]
"""One line: texts, each with the name of its style, and bars of `BAR_WIDTH` cells."""


class Item(Protocol):
    """An item of the overview."""

    @property
    def subject(self) -> Subject:
        """The subject that Enter opens, and the text to copy."""
        ...

    def lines(self, width: int, glyphs: Glyphs, most: int, *, is_open: bool) -> list[Spans]:
        """Return the lines, ``most`` of an instruction; without those that explain the item unless it is open."""
        ...


class SecretItem(NamedTuple):
    """A secret: what ships it, and what to do about it."""

    secret: Secret
    instruction: str
    subject: Subject

    def lines(self, width: int, glyphs: Glyphs, most: int, *, is_open: bool) -> list[Spans]:
        """Return the lines; the path is cut in its middle."""
        secret, name = self.secret, printable_path(self.secret.path)
        hidden = "" if secret.removed_in is None else f"; layer {secret.removed_in} only hides it"
        start, end = f" {glyphs.warning} layer {secret.layer}  ", f" is {secret.kind.words}{hidden}"
        name = cut_middle(name, max(12, width - cell_len(start) - len(end)), glyphs)
        lines: list[Spans] = [[(cut(f"{start}{name}{end}", width, glyphs), "alarm")]]
        if is_open:
            lines += _instruction([(_INDENT, None)], self.instruction, width - len(_INDENT), most, glyphs)
            lines += _folded(REMEDY, width)
        return lines


class AdviceItem(NamedTuple):
    """A piece of advice: its saving, its layer, its cause, and the instruction before and after.

    ``edits`` are those of its instructions by all advice; what an item above shows of them is not among them.
    """

    number: int
    advice: Advice
    edits: Edits
    instruction: str
    subject: Subject
    cause_width: int
    """The cells of the longest cause, beside which all instructions begin in one column."""

    def lines(self, width: int, glyphs: Glyphs, most: int, *, is_open: bool) -> list[Spans]:
        advice, changes = self.advice, diff_lines(self.edits)
        saves = f"-{human_size(advice.saves)}" if advice.saves else ""
        layer = f"  layer {advice.layer:<3} "
        line: Spans = [(f"{self.number:>3}  ", "strong"), (f"{saves:>7}", "added"), (layer, None)]
        room = width - cell_len(f"{self.number:>3}  {saves:>7}{layer}")
        column = min(self.cause_width, int(room * _CAUSE_SHARE))
        is_beside = width >= _WIDE and cell_len(advice.cause) <= column
        line.append(
            (padded(advice.cause, column + 2, glyphs) if is_beside else cut(advice.cause, room, glyphs), "strong")
        )
        # the changes below begin with the instruction
        has_instruction = not (is_open and changes)
        lines = [line]
        if is_beside and has_instruction:
            lines = [*_instruction(line, self.instruction, room - column - 2, most, glyphs)]
        elif is_open and has_instruction:
            lines += _instruction([(_INDENT, None)], self.instruction, width - len(_INDENT), most, glyphs)
        if is_open:
            lines += self._explained(changes, width)
        return lines

    def _explained(self, changes: Sequence[str], width: int) -> Iterator[Spans]:
        for line in changes:
            yield from _folded(printable_line(line), width, "removed" if line[0] == "-" else "added", hang="    ")
        if not changes:
            above = f" {CHANGE_ABOVE}" if self.advice.edits else ""
            yield from _folded(f"{self.advice.text}{above}", width)


class LayerItem(NamedTuple):
    """One of the largest layers; the first one comes under a title."""

    layer_size: LayerSize
    instruction: str
    percentage: str
    bar: SizeShare
    is_first: bool
    subject: Subject

    def lines(self, width: int, glyphs: Glyphs, most: int, *, is_open: bool) -> list[Spans]:  # noqa: ARG002  # as every item
        size, layer = human_size(self.layer_size.content_size), self.layer_size.layer
        start = f"     {size:>7}  layer {layer:<3} {self.percentage:>6}  "
        before: Spans = [(start, None), self.bar, ("  ", None)]
        lines = [*_instruction(before, self.instruction, width - cell_len(start) - BAR_WIDTH - 2, most, glyphs)]
        return [[], [(" Largest layers", "strong")], *lines] if self.is_first else lines


class NoteItem(NamedTuple):
    """A sentence."""

    sentence: str
    subject: Subject = Subject()

    def lines(self, width: int, glyphs: Glyphs, most: int, *, is_open: bool) -> list[Spans]:  # noqa: ARG002  # as every item
        return [*_folded(self.sentence, width)]


def _instruction(before: Spans, text: str, room: int, most: int, glyphs: Glyphs) -> Iterator[Spans]:
    """Yield an instruction in ``most`` lines of a width, the first one after what is ``before`` it."""
    first, *others = instruction_lines(text, room, most, glyphs)
    indent = " " * sum(BAR_WIDTH if isinstance(span, SizeShare) else cell_len(span[0]) for span in before)
    yield [*before, (first, "muted")]
    for line in others:
        yield [(indent + line, "muted")]


def _folded(text: str, width: int, style: str | None = None, hang: str = "") -> Iterator[Spans]:
    """Yield a text in lines that fit the width, each but the first with ``hang`` before it."""
    for line in folded(text, max(10, width - len(_INDENT)), hang):
        yield [(_INDENT + line, style)]


def overview_items(analysis: SizeAnalysis) -> Sequence[Item]:
    """Return the items; this reads layers and file contents as needed."""
    report, image = analysis.report, analysis.image
    items: list[Item] = [
        SecretItem(secret, image.step(secret.layer).title, Subject(secret.node, secret.layer))
        for secret in report.secrets[:_MOST_SECRETS]
    ]
    if len(report.secrets) > _MOST_SECRETS:
        more = plural(len(report.secrets) - _MOST_SECRETS, "more secret")
        items.append(NoteItem(f"{more}: Enter lists them all.", Subject(topic=Topic(SizeView.OVERVIEW, ALL_SECRETS))))
    combined = combined_edits([advice.edits for advice in report.advice])
    cause_width = max((cell_len(advice.cause) for advice in report.advice), default=0)
    items += (
        AdviceItem(
            number,
            advice,
            shown,
            image.step(advice.layer).title,
            Subject(None, advice.layer, topic=Topic(SizeView.OVERVIEW, number - 1), copied=_copied(advice, edits)),
            cause_width,
        )
        for number, (advice, (edits, shown)) in enumerate(zip(report.advice, combined, strict=True), 1)
    )
    if not report.advice:
        items.append(NoteItem(no_advice_sentence(report)))
    if report.duplicates and not duplicates_matter(report):
        items.append(NoteItem(_few_duplicates(report.duplicates), Subject(topic=Topic(SizeView.DUPLICATES))))
    items += _largest_layers(analysis)
    if report.unknowns:
        items += (NoteItem(f"Unknown: {printable_line(sentence)}.") for sentence in report.unknowns)
    return items


def _few_duplicates(duplicates: Sequence[Duplicate]) -> str:
    """Return the advice about duplicates that are not worth a view in the row of views."""
    saves = human_size(sum(duplicate.saves for duplicate in duplicates))
    return f"{plural(len(duplicates), 'file')} with copies of the same bytes, which cost {saves}: Enter lists them."


def _largest_layers(analysis: SizeAnalysis) -> Iterator[LayerItem]:
    report, image = analysis.report, analysis.image
    sizes = [layer_size for layer_size in report.layers[:_MOST_LAYERS] if layer_size.content_size]
    for number, layer_size in enumerate(sizes):
        largest, dead = sizes[0].content_size or 1, layer_size.dead_size or 0
        yield LayerItem(
            layer_size,
            image.step(layer_size.layer).title,
            human_share(layer_size.content_size, report.total_size),
            SizeShare(((layer_size.content_size or 0) - dead) / largest, dead / largest),
            number == 0,
            Subject(layer=layer_size.layer, copied=image.step(layer_size.layer).title),
        )


def _copied(advice: Advice, edits: Edits) -> str:
    """Return the instructions after all edits of them, or the advice if they cannot be said exactly."""
    texts = [after for _, after in new_instructions(edits).values() if after]
    return "\n".join(texts) or advice.text


class Overview(TallList):
    """Items of several lines: the one under the cursor is open, and so are the first ones, as many as fit."""

    STYLES: ClassVar[dict[str, str]] = LineList.STYLES | {"strong": "bold", "alarm": "bold $error"}
    GREY_STYLES: ClassVar[dict[str, str]] = {"alarm": "bold $foreground"}
    DEFAULT_CSS = """
    Overview { height: 1fr; }
    """

    class Chosen(Message):
        """The item under the cursor was chosen."""

    def __init__(self) -> None:
        super().__init__()
        self._items: Sequence[Item] = ()
        self._headers: list[list[Spans]] = []
        self._explained: list[list[Spans]] = []
        self._lines: list[list[Spans]] = []

    def show(self, items: Sequence[Item], cursor: int = 0) -> None:
        # a click may have left a longer list before this one was shown
        self._items, self.cursor = items, max(0, min(cursor, len(items) - 1))
        self._draw_items()

    @property
    def subject(self) -> Subject:
        return self._items[self.cursor].subject if self.cursor < len(self._items) else Subject()

    def _draw_items(self) -> None:
        """Draw all items for the width, closed and open."""
        self._headers, self._explained = (self._drawn(repeat(is_open), repeat(1)) for is_open in (False, True))
        self._lay_out()

    def _drawn(self, opens: Iterable[bool], most: Iterable[int]) -> list[list[Spans]]:
        """Return the lines of all items: whether each one is open, and the most lines of its instruction."""
        width, glyphs = self.line_width, self.glyphs
        each = zip(self._items, opens, most, strict=False)
        return [item.lines(width, glyphs, lines, is_open=is_open) for item, is_open, lines in each]

    def _lay_out(self) -> None:
        """Choose the items that are open, with the one under the cursor, and wrap instructions in the lines left."""
        height, closed, opened = self.size.height, self._headers, self._explained
        extra = [len(long) - len(short) for short, long in zip(closed, opened, strict=True)]
        room = height - sum(map(len, closed)) - (extra[self.cursor] if extra else 0)
        opens = list[bool]()
        for number, lines in enumerate(extra):
            if number == self.cursor:
                opens.append(True)
                continue
            fits = lines <= room
            room = room - lines if fits else 0
            opens.append(fits)
        self._lines = [long if is_open else short for short, long, is_open in zip(closed, opened, opens, strict=True)]
        heights = [len(lines) for lines in self._lines]
        if sum(heights) < height:
            whole = [len(lines) for lines in self._drawn(opens, repeat(height))]
            fitting = fitting_heights(heights, list(map(sub, whole, heights)), height)
            self._lines = self._drawn(opens, (1 + lines for lines in map(sub, fitting, heights)))
        self.set_heights(map(len, self._lines))
        self.fit_scrollbar()
        self.refill()

    def item_count(self) -> int:
        return len(self._items)

    def draw(self, item: int, line: int, width: int) -> list[Segment]:  # noqa: ARG002  # drawn for the width before
        return [segment for span in self._lines[item][line] for segment in self._segments(span)]

    def _segments(self, span: tuple[str, str | None] | SizeShare) -> Iterable[Segment]:
        if isinstance(span, SizeShare):
            styles = BarStyles(self.style_of("bar"), self.style_of("dead"), self.style_of("dead-edge"))
            return bar_segments(span.live, span.dead, BAR_WIDTH, self.glyphs, styles)
        text, style = span
        return [Segment(text, self.style_of(style) if style else None)]

    def move_to(self, item: int) -> None:
        """Put the cursor on an item, which opens it."""
        super().move_to(item)
        self._lay_out()

    def on_resize(self) -> None:
        self._draw_items()

    def clicked(self, item: int, event: events.Click) -> None:  # noqa: ARG002  # the cursor is on it
        """Choose an item by a second click."""
        if event.chain > 1:
            self.post_message(self.Chosen())
