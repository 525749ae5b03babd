"""The size view: which layer, which directory, which type, what is dead and why, and what to change."""

from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.getters import query_one
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from layerscope.errors import LayerscopeError
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.text import human_size, path_text, printable_name
from layerscope.tui.dialogs.help import HelpScreen, KeyGroup
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.keys.order import OpensLater
from layerscope.tui.size.rows import (
    SizeRows,
    advice_facts,
    dead_facts,
    directory_facts,
    duplicate_facts,
    layer_facts,
    package_facts,
    type_facts,
)
from layerscope.tui.size.treemap_view import TreemapView
from layerscope.tui.widgets.fact_table import Fact, FactTable, Target
from layerscope.tui.widgets.key_line import KeyLine
from layerscope.tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from collections.abc import Callable

_DIRECTORIES, _MAP = 1, 2

_KEYS = (
    ("question_mark", "?", "help"),
    ("escape", "esc", "back"),
    ("tab", "tab 1-8", "view"),
    ("enter", "enter", "open"),
    ("backspace", "bksp", "up"),
    ("t", "t", "show in the tree"),
    ("q", "q", "quit"),
)


_NAMES = ("layers", "directories", "map", "types", "packages", "dead", "duplicates", "advice")


class SizeScreen(Screen[Target | None], OpensLater):
    """Eight views of one image. The answer is the place that the user wants to see, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "Help", tooltip="Show all keys", id="size.help", key_display="?"),
        Binding("escape,w", "dismiss", "Back", tooltip="Go back to the explorer", id="size.back"),
        Binding("right,l,tab", "view(1)", "Next view", tooltip="Go to the next view", id="size.next"),
        Binding("left,h,shift+tab", "view(-1)", "View before", tooltip="Go to the view before", id="size.previous"),
        *(
            Binding(
                str(number),
                f"go_to({number - 1})",
                show=False,
                tooltip=f"Go to the view of that number: {_NAMES[number - 1]}",
                id=f"size.view-{number}",
            )
            for number in range(1, 9)
        ),
        Binding("enter", "choose", "Open", tooltip="Open the folder, or show the row in the tree", id="size.choose"),
        Binding("down,j", "move(1)", "Down", show=False, id="size.down"),
        Binding("up,k", "move(-1)", "Up", show=False, id="size.up"),
        Binding("backspace,minus", "up", "Up", tooltip="Go up to the folder above", id="size.folder-up"),
        Binding("t", "show", "Show in the tree", tooltip="Show the row in the tree", id="size.show"),
        Binding("q", "app.quit", "Quit", tooltip="Quit", id="size.quit"),
    ]
    DEFAULT_CSS = """
    SizeScreen {
        background: $background;
        #verdict { height: auto; max-height: 3; padding: 0 1; background: $panel; text-style: bold; }
        #views { height: auto; padding: 0 1; }
        #facts-frame { height: 1fr; border: round $primary; border-title-style: bold; }
        #titles { height: 1; color: $foreground 60%; }
        #detail-frame { height: auto; max-height: 9; padding: 0 1; scrollbar-size-vertical: 1; }
        TreemapView { display: none; }
        &.-map TreemapView { display: block; }
        &.-map FactTable, &.-map #titles { display: none; }
        &.-ascii #facts-frame { border: ascii $primary; }
    }
    """

    class Computed(Message):
        """What a view shows has been computed."""

        def __init__(self, view: int, facts: SizeRows | None, error: str | None) -> None:
            super().__init__()
            self.view = view
            self.facts = facts
            self.error = error

    table = query_one(FactTable)
    treemap = query_one(TreemapView)

    def __init__(self, analysis: SizeAnalysis, glyphs: Glyphs) -> None:
        super().__init__(classes="" if glyphs.has_unicode else "-ascii")
        self._analysis = analysis
        self._glyphs = glyphs
        self._view = 0
        self._folder = 0
        self._views: tuple[Callable[[], SizeRows], ...] = (
            lambda: layer_facts(analysis),
            lambda: directory_facts(analysis, self._folder),
            lambda: directory_facts(analysis, self._folder),
            lambda: type_facts(analysis),
            lambda: package_facts(analysis),
            lambda: dead_facts(analysis),
            lambda: duplicate_facts(analysis),
            lambda: advice_facts(analysis),
        )

    def compose(self) -> ComposeResult:
        """Lay out the widgets."""
        yield Static("", id="verdict", markup=False)
        yield Static("", id="views", markup=False)
        with Container(id="facts-frame"):
            yield Static("", id="titles", markup=False)
            yield FactTable(self._glyphs)
            yield TreemapView(self._glyphs)
        with VerticalScroll(id="detail-frame", can_focus=False):
            yield Static("", id="detail", markup=False)
        yield KeyLine()

    def on_mount(self) -> None:
        """Show the first view."""
        self.query_one(KeyLine).show(_KEYS)
        self.action_go_to(0)

    def action_go_to(self, view: int) -> None:
        """Show a view."""
        self._view = view
        self.is_ready = False
        self._show_names()
        self._say("weighing…" if self._glyphs.has_unicode else "weighing...")
        self._compute(view)

    def _show_names(self) -> None:
        text, room = Text(), max(1, self.size.width - 2)
        for number, name in enumerate(_NAMES):
            if len(text.plain.rpartition("\n")[2]) + len(f" {number + 1} {name} ") > room:
                text.append("\n")
            action = Style(meta={"@click": f"screen.go_to({number})"})
            chosen = Style(bold=True, reverse=True) if number == self._view else Style()
            text.append(f" {number + 1} {name} ", action + chosen)
            text.append(" ")
        self.query_one("#views", Static).update(text)

    def on_resize(self) -> None:
        """Fit the names of the views to the new width."""
        self._show_names()

    @work(thread=True, exclusive=True, exit_on_error=False, group="weighing")
    def _compute(self, view: int) -> None:
        try:
            facts = self._views[view]()
        except LayerscopeError as error:
            self.post_message(self.Computed(view, None, str(error)))
        else:
            self.post_message(self.Computed(view, facts, None))

    @on(Computed)
    def _on_computed(self, message: Computed) -> None:
        if message.view != self._view:
            return
        self.call_after_refresh(self.become_ready)
        self.query_one("#verdict", Static).update(Text(self._analysis.report.verdict))
        facts = message.facts
        if facts is None or not facts.rows:
            self._show(SizeRows((), (), ""))
            self._say(message.error or (facts.none if facts else ""))
            return
        self._show(facts)
        self._show_detail()

    def _show(self, facts: SizeRows) -> None:
        is_map = self._view == _MAP
        self.set_class(is_map, "-map")
        self.table.show(facts.columns, facts.rows)
        self.query_one("#titles", Static).update(Text(self.table.titles(), no_wrap=True))
        if is_map:
            rows = [fact for fact in facts.rows if fact.target and fact.target.node is not None]
            sizes = self._analysis.directories
            self.treemap.show(
                rows, [sizes.row(fact.target.node).size for fact in rows if fact.target and fact.target.node]
            )
        self.set_focus(self.treemap if is_map else self.table)
        self.query_one("#facts-frame").border_title = self._title()

    def _title(self) -> str:
        if self._view not in (_DIRECTORIES, _MAP):
            return _NAMES[self._view].capitalize()
        path = printable_name(path_text(self._analysis.tree.index.path(self._folder)))
        return Text(f"{path}  {human_size(self._analysis.directories.row(self._folder).size)}").markup

    @property
    def _fact(self) -> Fact | None:
        return self.treemap.fact if self._view == _MAP else self.table.fact

    @on(LineList.Moved)
    @on(TreemapView.Moved)
    def _show_detail(self) -> None:
        if self._fact is not None:
            self._say(self._fact.detail)

    def _say(self, text: str) -> None:
        self.query_one("#detail", Static).update(Text(text, overflow="fold"))

    def action_press(self, key: str) -> None:
        """Do what a key does, for the mouse."""
        self.app.simulate_key(key)

    def action_help(self) -> None:
        """Show all keys."""
        groups = (KeyGroup("What makes the image large", self.BINDINGS), KeyGroup("In any list", LineList.BINDINGS))
        self.app.push_screen(HelpScreen(self._glyphs, groups))

    def action_view(self, step: int) -> None:
        """Go to another view."""
        self.action_go_to((self._view + step) % len(self._views))

    def action_move(self, step: int) -> None:
        """Move the cursor of the map."""
        (self.treemap if self._view == _MAP else self.table).action_move(step)

    def action_choose(self) -> None:
        """Open the folder under the cursor, or show the row in the tree."""
        self._open(self._fact)

    @on(FactTable.Chosen)
    @on(TreemapView.Chosen)
    def _on_chosen(self, message: FactTable.Chosen | TreemapView.Chosen) -> None:
        self._open(message.fact)

    def _open(self, fact: Fact | None) -> None:
        if fact is None:
            return
        if fact.folder is None:
            self._leave(fact)
            return
        self._folder = fact.folder
        self.action_go_to(self._view)

    def action_up(self) -> None:
        """Go up to the folder above."""
        if self._folder and self._view in (_DIRECTORIES, _MAP):
            self._folder = self._analysis.tree.index.parents[self._folder]
            self.action_go_to(self._view)

    def action_show(self) -> None:
        """Show the row in the tree."""
        self._leave(self._fact)

    def _leave(self, fact: Fact | None) -> None:
        if fact is not None and fact.target is not None:
            self.dismiss(fact.target)
