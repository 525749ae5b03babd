"""The list of the aligned steps of two images. Lines are built when drawn: an image may have 100,000 steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from layerscope.analysis.comparison.cache_story import WRONG_DIGEST, layer_numbers
from layerscope.analysis.comparison.layer_alignment import AlignedStep, LayerAlignment, Relation
from layerscope.analysis.tree.tally import Tallies
from layerscope.text import human_size
from layerscope.tui.drawing.cells import cut, folded, one_line, padded, segments_length
from layerscope.tui.widgets.step_list import ShownInstruction, StepList

_GAP = "  "
_SIZE_WIDTH = 8
_MARKS = {Relation.SAME: "=", Relation.CHANGED: "~", Relation.ONLY_OLD: "-", Relation.ONLY_NEW: "+"}
_MARKED_WORDS = ("same", "only in old", "only in new")
_STYLES = {Relation.CHANGED: "modified", Relation.ONLY_OLD: "removed", Relation.ONLY_NEW: "added"}
_REBUILT = {True: "rebuilt, same content", False: "different content", None: "cannot be compared"}


@dataclass(frozen=True, slots=True)
class AlignedLine:
    """A step in the list; sizes are content bytes, None until the layers have been read.

    ``word`` describes the step: shared, rebuilt; ``cause`` says why the build cache missed here, if it did. It
    ``has_causes`` if it can be unfolded to the causes of another digest with the same content.
    """

    item: int
    step: AlignedStep
    word: str
    cause: str = ""
    old_size: int | None = None
    new_size: int | None = None
    has_causes: bool = False

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

    def __len__(self) -> int: ...

    def __getitem__(self, item: int, /) -> AlignedLine: ...

    def is_layer(self, item: int) -> bool: ...


class AlignedList(StepList):
    """The list; its items are aligned steps."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: ListedSteps | None = None
        self._digits = 1
        self.unfolded: dict[int, Sequence[str]] = {}
        """Sentences below steps that are unfolded, by item."""

    def show(self, lines: ListedSteps, cursor: int) -> None:
        self._lines = lines
        self._digits = lines.digits
        self.refill(cursor)

    def item_count(self) -> int:
        return len(self._lines) if self._lines is not None else 0

    def is_layer(self, item: int) -> bool:
        return self._lines is not None and self._lines.is_layer(item)

    @property
    def _miss(self) -> int | None:
        """The step where the build cache missed: the line below its instruction says why."""
        return self._lines.miss if self._lines is not None else None

    def lines_below(self, width: int) -> Mapping[int, int]:
        """Return the number of lines below instructions: the cause of the cache miss, and what is unfolded."""
        lines = {item: len(self._unfolded_lines(item, width)) for item in self.unfolded}
        return lines if self._miss is None else {**lines, self._miss: lines.get(self._miss, 0) + 1}

    def _unfolded_lines(self, item: int, width: int) -> list[str]:
        room = max(1, width - self._indent - len(_GAP))
        return [line for text in self.unfolded.get(item, ()) for line in folded(text, room, _GAP)]

    def instruction_of(self, item: int, width: int, *, two_lines: bool) -> ShownInstruction:
        """Return the instruction of a step, and its room: below the figures, or between them and the word."""
        shown = self._line(item)
        if two_lines and shown.has_layer:
            return ShownInstruction(shown.step.title, width - self._indent)
        room = width - segments_length(self._lead(shown))
        word = self._word_beside(item, room)
        return ShownInstruction(shown.step.title, room - len(_GAP) - len(word) if word else room)

    def draw(self, item: int, line: int, width: int) -> list[Segment]:
        """Return one line of a step: figures and a word, the instruction, and for the cache miss its cause."""
        shown, part = self._line(item), self.instruction_part(item, line)
        style, indent = self._style(shown.step.relation), Segment(" " * self._indent)
        unfolded = self._unfolded_lines(item, width)
        below = line - len(self.lines_of(item)) + len(unfolded)
        if 0 <= below < len(unfolded):
            return [indent, Segment(_GAP + unfolded[below])]
        if item == self._miss and below == -1:
            room = width - self._indent
            mark, words = self._fold_mark(shown), shown.words
            words = words if len(mark + words) <= room else f"cache miss: {shown.cause}"
            return [indent, Segment(cut(mark + words, room, self.glyphs), style)]
        lead, muted = self._lead(shown), self.style_of("muted")
        room = width - segments_length(lead)
        if self.two_lines and shown.has_layer:
            word = Segment(cut(self._word(item), room, self.glyphs), style or muted)
            return [indent, Segment(part, muted)] if line else [*lead, word]
        instruction_style = style if shown.has_layer else style or muted
        if line:
            return [Segment(" " * (width - room)), Segment(part, instruction_style)]
        if not (beside := self._word_beside(item, room)):
            return [*lead, Segment(part, instruction_style)]
        padding = padded(part, room - len(_GAP) - len(beside), self.glyphs) + _GAP
        return [*lead, Segment(padding, instruction_style), Segment(beside, style or muted)]

    def _fold_mark(self, shown: AlignedLine) -> str:
        """Return the mark of a step that can be unfolded, or nothing."""
        if not shown.has_causes:
            return ""
        return f"{self.glyphs.opened if shown.item in self.unfolded else self.glyphs.closed} "

    def _line(self, item: int) -> AlignedLine:
        assert self._lines is not None  # noqa: S101  # without lines there is no item
        return self._lines[item]

    @property
    def _indent(self) -> int:
        """The cells of the mark and of the numbers of the layers."""
        return 2 * self._digits + 5

    def _lead(self, shown: AlignedLine) -> list[Segment]:
        """Return what is before the instruction, or before the word where a layer takes two lines."""
        mark = f"{_MARKS[shown.step.relation]} "
        lead = Segment(mark, self._style(shown.step.relation) or self.style_of("muted"))
        if not shown.has_layer:
            return [lead, Segment(" " * (self._indent - len(mark)))]
        numbers = Segment(self._numbers(shown.step), self.style_of("accent"))
        return [lead, numbers, Segment(self._sizes(shown) + _GAP)]

    def _word(self, item: int) -> str:
        """Return what describes a step; the step of the cache miss has a line for that."""
        shown = self._line(item)
        return "" if item == self._miss else self._fold_mark(shown) + shown.words

    def _word_beside(self, item: int, room: int) -> str:
        """Return the word at the right of an instruction: what the mark says as well is left out to make room."""
        word = self._word(item)
        fits = cell_len(one_line(self._line(item).step.title, room, self.glyphs)) <= room - len(_GAP) - len(word)
        return word if fits or word not in _MARKED_WORDS else ""

    def _style(self, relation: Relation) -> Style | None:
        return self.style_of(_STYLES[relation]) if relation in _STYLES else None

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


class AlignedLines:
    """The lines of all steps. ``rebuilt`` tells of changed layers whether they have the same content as before."""

    def __init__(self, alignment: LayerAlignment) -> None:
        self._steps = alignment.steps
        self._first_change = alignment.first_change
        self._old_layers = list(accumulate((step.old_layer or 0 for step in alignment.steps), max))
        self._new_layers = list(accumulate((step.new_layer or 0 for step in alignment.steps), max))
        self._tallies = (Tallies(), Tallies())
        self._rebuilt: Mapping[AlignedStep, bool | None] = {}
        steps = enumerate(self._steps)
        self.miss = next((item for item, step in steps if step is self._first_change and self.is_layer(item)), None)
        self.digits = len(str(max([1, *self._old_layers[-1:], *self._new_layers[-1:]])))

    def take_tallies(self, old: Tallies, new: Tallies) -> None:
        """Take the figures of the layers, once they have been read."""
        self._tallies = (old, new)

    def take_rebuilt(self, rebuilt: Mapping[AlignedStep, bool | None]) -> None:
        """Take the comparisons of changed layers."""
        self._rebuilt = rebuilt

    def __len__(self) -> int:
        return len(self._steps)

    def __getitem__(self, item: int) -> AlignedLine:
        step, (old, new) = self._steps[item], self._tallies
        old_size, new_size = _content_size(old, step.old_layer), _content_size(new, step.new_layer)
        is_rebuilt = bool(self._rebuilt.get(step))
        return AlignedLine(item, step, self._word(step), self._cause(step), old_size, new_size, is_rebuilt)

    def is_layer(self, item: int) -> bool:
        return bool(self._steps[item].old_layer or self._steps[item].new_layer)

    def layers_at(self, item: int) -> tuple[int, int]:
        """Return the last layer of either image up to a step; 0 before its first layer."""
        return (self._old_layers[item], self._new_layers[item]) if self._steps else (0, 0)

    @property
    def shared_words(self) -> str:
        """The layers that both images share; an empty text if they have no layers at all."""
        layers = [step for step in self._steps if step.old_layer or step.new_layer]
        shared = [
            step.new_layer or 0 for step in layers if step.relation is Relation.SAME and step not in self._rebuilt
        ]
        if not layers:
            return ""
        return f"{layer_numbers(shared)} shared" if shared else "no layer shared"

    def _word(self, step: AlignedStep) -> str:
        if step.relation is Relation.SAME:
            shared = WRONG_DIGEST if step in self._rebuilt else "same"
            return shared if step.new_layer else ""
        if step.relation is Relation.CHANGED:
            word = _REBUILT[self._rebuilt[step]] if step in self._rebuilt else ""
        else:
            word = "only in old" if step.relation is Relation.ONLY_OLD else "only in new"
        return "cache misses from here" if step is self._first_change else word

    def _cause(self, step: AlignedStep) -> str:
        """Return why the build cache missed, if it did so at this step."""
        if step is not self._first_change:
            return ""
        if step.relation is not Relation.CHANGED:
            return "another instruction"
        if self._rebuilt.get(step):
            return _REBUILT[True]
        return f"content of {next(iter(step.title.split()), 'the layer')} changed"


def _content_size(tallies: Tallies, layer: int | None) -> int | None:
    tally = tallies.layers.get(layer) if layer else None
    return tally.content_size if tally else None
