"""A table of facts: a bar, figures, names; each row may lead to a place in the tree."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.message import Message

from layerscope.tui.drawing.cells import cut, padded
from layerscope.tui.widgets.line_list import LineList

_BAR_WIDTH = 12
_GAP = "  "


@dataclass(frozen=True, slots=True)
class Target:
    """A place in the explorer: a layer, and a node of the tree at that layer."""

    layer: int
    node: int | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """One row. ``cells`` are printable; ``share`` fills the bar, ``dead_share`` its last part.

    ``detail`` is told in full below the table; ``folder`` is a node that the row opens in place of leading away.
    """

    cells: tuple[str, ...]
    share: float | None = None
    dead_share: float = 0.0
    style: str | None = None
    target: Target | None = None
    detail: str = ""
    folder: int | None = None


@dataclass(frozen=True, slots=True)
class FactColumn:
    """A column: its title, and whether its cells stand at the right. The last one takes what room there is."""

    title: str
    right: bool = False


class FactTable(LineList):
    """Facts under a line of titles; the bar comes first where any fact has one."""

    DEFAULT_CSS = """
    FactTable { height: 1fr; }
    """

    class Chosen(Message):
        """A row was chosen."""

        def __init__(self, fact: Fact) -> None:
            super().__init__()
            self.fact = fact

    def __init__(self) -> None:
        super().__init__()
        self._columns: Sequence[FactColumn] = ()
        self._facts: Sequence[Fact] = ()
        self._widths: list[int] = []
        self._has_bar = False

    def show(self, columns: Sequence[FactColumn], facts: Sequence[Fact], cursor: int = 0) -> None:
        """Show these facts."""
        self._columns, self._facts = columns, facts
        self._has_bar = any(fact.share is not None for fact in facts)
        titles = [cell_len(column.title) for column in columns]
        cells = [[cell_len(fact.cells[place]) for fact in facts] for place in range(len(columns))]
        self._widths = [max([title, *widths]) for title, widths in zip(titles, cells, strict=True)]
        self.refill(cursor)

    @property
    def fact(self) -> Fact | None:
        """The fact under the cursor."""
        return self._facts[self.cursor] if self.cursor < len(self._facts) else None

    def titles(self) -> str:
        """Return the line of titles, as wide as the cells below it."""
        bar = [" " * _BAR_WIDTH] if self._has_bar else []
        cells = [self._cell(place, column.title) for place, column in enumerate(self._columns)]
        return _GAP.join([*bar, *cells])

    def item_count(self) -> int:
        """Return the number of facts."""
        return len(self._facts)

    def draw(self, item: int, line: int, width: int) -> list[Segment]:  # noqa: ARG002  # a fact has one line
        """Return the line of a fact."""
        fact = self._facts[item]
        style = self.style_of(fact.style) if fact.style else None
        segments = self._bar(fact) if self._has_bar else []
        text = _GAP.join(self._cell(place, cell) for place, cell in enumerate(fact.cells))
        room = width - (_BAR_WIDTH + len(_GAP) if self._has_bar else 0)
        return [*segments, Segment(cut(text, room, self.glyphs), style)]

    def _cell(self, place: int, text: str) -> str:
        if self._columns[place].right:
            return " " * (self._widths[place] - cell_len(text)) + text
        return text if place == len(self._columns) - 1 else padded(text, self._widths[place], self.glyphs)

    def _bar(self, fact: Fact) -> list[Segment]:
        whole = self.glyphs.bar(fact.share or 0, _BAR_WIDTH)
        all_dead = fact.dead_share >= (fact.share or 0) > 0
        dead = len(whole) if all_dead else min(len(whole), round(fact.dead_share * _BAR_WIDTH))
        return [
            Segment(whole[: len(whole) - dead], self.style_of("bar")),
            Segment(self.glyphs.dead * dead, self.style_of("dead")),
            Segment(" " * (_BAR_WIDTH - len(whole)) + _GAP),
        ]

    def clicked(self, item: int, event: events.Click) -> None:
        """Choose a row by a second click."""
        if event.chain > 1:
            self.post_message(self.Chosen(self._facts[item]))

    def action_choose(self) -> None:
        """Choose the row under the cursor."""
        if self.fact is not None:
            self.post_message(self.Chosen(self.fact))
