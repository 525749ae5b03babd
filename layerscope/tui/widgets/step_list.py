"""A list of steps. A layer takes two lines if one is too narrow for its figures and its instruction."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple

from textual import events
from textual.binding import BindingType
from textual.message import Message

from layerscope.tui.drawing.cells import instruction_lines, wrapped
from layerscope.tui.keys.table import Key, bindings
from layerscope.tui.widgets.framed import Framed
from layerscope.tui.widgets.line_list import TallList, fitting_heights

ONE_LINE = 76
"""Width from which a layer takes one line; below, it takes two if the screen is high enough: its figures, then its
instruction."""


class ShownInstruction(NamedTuple):
    """The instruction of a step, and the cells that a line has for it."""

    text: str
    room: int


class StepList(TallList, Framed):
    """The base of the lists of steps. A subclass has `item_count`, `draw`, `is_layer` and `instruction_of`."""

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key("enter,right,l", "enter", "go in", "Go into the layer: what it changed", id="steps.enter", rank=2),
        Key("left,h", "leave", "Go back", id="steps.leave"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(KEYS)
    DEFAULT_CSS = """
    StepList { height: 1fr; }
    """

    class Entered(Message):
        """The step under the cursor is to be gone into."""

    class Fitted(Message):
        """The steps have another width, at which they may take more lines or fewer."""

    class Left(Message):
        """The screen is to go back from the list."""

    def __init__(self) -> None:
        super().__init__()
        self._takes_two_lines = False
        self._fitted_width = 0

    @abstractmethod
    def is_layer(self, item: int) -> bool:
        """Return whether the step made a layer."""

    @abstractmethod
    def instruction_of(self, item: int, width: int, *, two_lines: bool) -> ShownInstruction:
        """Return the instruction of a step, and its room in lines of a width, where a layer takes two lines, or one."""

    def instruction_part(self, item: int, line: int) -> str:
        """Return the part of an instruction in a line of its step; none in the line of the figures alone."""
        text, room = self.instruction_of(item, self.line_width, two_lines=self.two_lines)
        before = int(self.two_lines and self.is_layer(item))
        last = len(self.lines_of(item)) - 1 - self.lines_below(self.line_width).get(item, 0)
        if line < before:
            return ""
        lines = instruction_lines(text, room, last - before + 1, self.glyphs)
        # before the first layout at a new width, there may be fewer
        return "".join(lines[line - before : line - before + 1])

    def lines_below(self, width: int) -> Mapping[int, int]:  # noqa: ARG002  # a subclass has such lines
        """Return the number of lines below its instruction of each step that has some, in lines of a width."""
        return {}

    def action_enter(self) -> None:
        self.post_message(self.Entered())

    def action_leave(self) -> None:
        self.post_message(self.Left())

    def clicked(self, item: int, event: events.Click) -> None:  # noqa: ARG002  # the cursor is on the item
        """Go into a step by a second click."""
        if event.chain > 1:
            self.action_enter()

    @property
    def two_lines(self) -> bool:
        """True if a layer takes two lines: the list is too narrow for one, and high enough for two."""
        return self._takes_two_lines

    def on_resize(self) -> None:
        """Choose the number of lines for the new size, and tell a new width."""
        super().on_resize()
        if self.size.width != self._fitted_width:
            self._fitted_width = self.size.width
            self.post_message(self.Fitted())

    def choose_heights(self) -> None:
        """Give a layer two lines in a narrow list, and wrap instructions, as far as there is room."""
        height, width = self.size.height, self.line_width
        self._takes_two_lines = self._has_room_for_two(height, width)
        self.set_heights(self._heights(height, width))
        self.fit_scrollbar()

    def _has_room_for_two(self, height: int, width: int) -> bool:
        count = self.item_count()
        is_narrow = width < ONE_LINE and count <= height
        # one for each: the steps must not move because one is unfolded
        explained = len(self.lines_below(width))
        return is_narrow and count + sum(map(self.is_layer, range(count))) + explained <= height

    def lines_in(self, height: int, hidden_width: int = 0) -> int:
        """Return the lines that the steps take in a list of a ``height``; more than that if one each does not fit.

        A list that is hidden has no width, or that of an earlier layout: ``hidden_width`` is the one that it will have.
        """
        return sum(self._heights(height, hidden_width or self.line_width))

    def _heights(self, height: int, width: int) -> Sequence[int]:
        """Return the number of lines of each step: of instructions, as many as there is room for, equally."""
        items, is_two = range(self.item_count()), self._has_room_for_two(height, width)
        heights = [1 + (is_two and self.is_layer(item)) for item in items]
        for item, lines in self.lines_below(width).items():
            heights[item] += lines
        if sum(heights) >= height:
            # an image may have 100,000 steps: their instructions are only wrapped where one might have room
            return heights
        instructions = (self.instruction_of(item, width, two_lines=is_two) for item in items)
        extra = [len(wrapped(text, room)) - 1 for text, room in instructions]
        return fitting_heights(heights, extra, height)
