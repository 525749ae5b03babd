"""The first line of a screen: a name, then facts about it."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.widgets import Static

from layerscope.tui.drawing.cells import cut
from layerscope.tui.drawing.glyphs import glyphs_of

_SHORTEST_NAME = 20
"""Cells of a name that are kept before facts are left out."""


class Fact(NamedTuple):
    """A part of the line. Where there is no room, the one of the lowest rank is left out first.

    One that has a ``short`` text is shortened at ``short_rank``; a click runs the ``action`` of the screen.
    """

    text: str
    rank: int = 0
    is_alarming: bool = False
    short: str = ""
    short_rank: int = 0
    action: str = ""

    @property
    def next_rank(self) -> int:
        """The rank at which the part gives way next."""
        return self.short_rank if self.short else self.rank


class TitleLine(Static):
    """One line. If it is too narrow, the name is cut, and then facts of a low rank are left out.

    A name may have shorter ``forms``: the first that fits is shown.
    """

    COMPONENT_CLASSES = {"title-line--alarm"}  # noqa: RUF012  # declared by Textual without ClassVar
    DEFAULT_CSS = """
    TitleLine {
        height: 1; dock: top; background: $panel; color: $foreground; padding: 0 1;
        & > .title-line--alarm { color: $error; text-style: bold; }
        &:nocolor > .title-line--alarm { color: $foreground; text-style: bold reverse; }
    }
    """

    def __init__(self, name: str, *, shortest: int = _SHORTEST_NAME) -> None:
        super().__init__("", markup=False)
        self.auto_links = False  # a fact that can be clicked looks like the others
        self._forms: Sequence[str] = (name,)
        self._shortest = shortest
        self._facts: Sequence[Fact] = ()

    def show(self, facts: Sequence[Fact], *forms: str) -> None:
        """Show the facts that are known so far, and the name if it is another one now."""
        shown = self._forms, self._facts
        self._forms, self._facts = forms or self._forms, [fact for fact in facts if fact.text]
        if shown != (self._forms, self._facts):
            self._draw()

    def on_resize(self) -> None:
        self._draw()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._draw()

    def _draw(self) -> None:
        glyphs = glyphs_of(self)
        separator = f" {glyphs.separator} "
        kept = list(self._facts)
        while len(kept) > 1 and self._room_beside(kept) < min(cell_len(self._forms[0]), self._shortest):
            lowest = min(kept, key=lambda fact: fact.next_rank)
            kept = [fact for fact in kept if fact is not lowest or fact.short]
            kept = [fact._replace(text=fact.short, short="") if fact is lowest else fact for fact in kept]
        room = max(8, self._room_beside(kept))
        name = next((form for form in self._forms if cell_len(form) <= room), self._forms[-1])
        text = Text(cut(name, room, glyphs), style="bold", no_wrap=True)
        for fact in kept:
            style = self.get_component_rich_style("title-line--alarm") if fact.is_alarming else Style(bold=False)
            action = Style(meta={"@click": f"screen.{fact.action}"}) if fact.action else Style()
            text.append(separator, style="not bold").append(fact.text, style + action)
        self.update(text, layout=False)

    def _room_beside(self, facts: Sequence[Fact]) -> int:
        return self.content_size.width - sum(cell_len(fact.text) + 3 for fact in facts)
