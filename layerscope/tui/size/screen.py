"""The size view: an overview with secrets and advice, and lists of what takes the space."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.getters import query_one
from textual.message import Message
from textual.widgets import Input, Static
from textual.worker import get_current_worker

from layerscope.analysis.search.query import parse_query
from layerscope.errors import LayerscopeError
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.remarks import duplicates_matter
from layerscope.session.size.report import SizeReport
from layerscope.text import copied_path, printable_line
from layerscope.tui.dialogs.help import HelpScreen
from layerscope.tui.drawing.cells import excerpt
from layerscope.tui.drawing.glyphs import glyphs_of
from layerscope.tui.keys.order import LeftOnce, OpensLater, SaysWhyNot
from layerscope.tui.keys.table import FILTER_HINT, FILTER_LABEL, bindings
from layerscope.tui.services import copy_text, warn
from layerscope.tui.size.body import Content, SizeBody, content_of
from layerscope.tui.size.file_actions import SizeFileActions
from layerscope.tui.size.headline import Headline, SizeBar
from layerscope.tui.size.keys import MAP_TABLE, SIZE_KEYS, SIZE_TABLE
from layerscope.tui.size.map_widget import Treemap
from layerscope.tui.size.overview import Overview
from layerscope.tui.size.state import SizeState, SizeView, Topic, VisitedTopic
from layerscope.tui.widgets.key_line import KeyLine
from layerscope.tui.widgets.line_list import LineList
from layerscope.tui.widgets.prompt_line import PromptLine
from layerscope.tui.widgets.row_table import RowTable, Target

_PATIENCE = 0.3
"""Seconds after which a view that is still being computed says so."""

_SHORT = 30
"""The lines of a screen from which on one is left free above the bar."""


class SizeScreen(LeftOnce[Target | None], OpensLater, SaysWhyNot):
    """The views of the size of one image. Its result is the row of the tree that the user wants to see, or None.

    The ``state`` outlives the screen: the next one on it shows what this one showed last.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(SIZE_KEYS)
    why_not: ClassVar[Mapping[str, str]] = {
        "filter": "The lists can be filtered: keys 2, 3 and 5 to 8.",
        "sort": "The lists can be sorted: keys 2, 3 and 5 to 8.",
        "up": "There is no parent folder here: keys 3 and 4 show folders.",
    }
    DEFAULT_CSS = """
    SizeScreen {
        background: $background;
        #views { height: auto; padding: 0 1; link-style: none; link-color: $foreground; }
        #detail-frame { height: auto; max-height: 5; padding: 0 1; scrollbar-size-vertical: 1; }
        SizeBar { display: none; }
        &.-short SizeBar { margin: 0; }
        &.-overview SizeBar { display: block; }
        #filter-line { height: auto; padding: 0 1; }
        #filter-line:focus-within { background: $panel; }
        #filter-label { display: none; width: auto; color: $primary; text-style: bold; }
        #filter-line:focus-within #filter-label { display: block; }
        PromptLine { width: 1fr; }
    }
    """

    @dataclass
    class Computed(Message):
        """The report, and what a visit shows of it, were computed; ``error`` says why if that failed."""

        visit: VisitedTopic
        report: SizeReport | None
        content: Content | None
        error: str = ""

    body = query_one(SizeBody)
    prompt = query_one(PromptLine)

    def __init__(self, analysis: SizeAnalysis, state: SizeState) -> None:
        super().__init__()
        self._analysis = analysis
        self._state = state
        self._content: Content | None = None
        self._report: SizeReport | None = None
        self._is_computing = True
        self._files = SizeFileActions(self, analysis.loaded)

    def compose(self) -> ComposeResult:
        yield Headline(excerpt(self._analysis.image.name))
        yield SizeBar()
        yield Static("", id="views", markup=False)
        yield SizeBody(self._analysis)
        with VerticalScroll(id="detail-frame", can_focus=False):
            yield Static("", id="detail", markup=False)
        with Horizontal(id="filter-line"):
            yield Static(FILTER_LABEL, id="filter-label", markup=False)
            yield PromptLine()
        yield KeyLine(SIZE_TABLE)

    def on_mount(self) -> None:
        self.refresh_bindings()
        self._say_waiting()
        self._show()

    def _show(self) -> None:
        """Compute what the visit shows, and show it then."""
        self.is_ready, self._is_computing = False, True
        self._show_names()
        self._compute(self._state.visit)
        self.set_timer(_PATIENCE, self._say_waiting)

    def _say_waiting(self) -> None:
        """Say what the screen waits for: until then it shows the visit before."""
        if self._is_computing:
            self._say(f"comparing the files{glyphs_of(self).ellipsis}")

    def _show_names(self) -> None:
        """Show the names of the views; they come closer together where there is little room."""
        views = self._views
        names = [f"{view + 1} {view.label}" for view in views]
        gap = "  " if sum(map(len, names)) + 2 * len(names) < self.size.width else " "
        text = Text()
        for view, name in zip(views, names, strict=True):
            action = Style(meta={"@click": f"screen.go_to({view.value})"})
            text.append(name, action + Style(reverse=True, bold=True) if view is self._view else action)
            text.append(gap)
        self.query_one("#views", Static).update(text)

    @property
    def _views(self) -> Sequence[SizeView]:
        """The views that are offered: duplicates only where they cost much, or once they were asked for."""
        is_offered = self._view is SizeView.DUPLICATES or (self._report and duplicates_matter(self._report))
        return [view for view in SizeView if is_offered or view is not SizeView.DUPLICATES]

    @property
    def _view(self) -> SizeView:
        return self._state.visit.topic.view

    def on_resize(self) -> None:
        """Fit the names of the views to the new width, and save a line where there are few."""
        self._show_names()
        self.set_class(self.size.height < _SHORT, "-short")

    @work(thread=True, exclusive=True, exit_on_error=False, group="size")
    def _compute(self, visit: VisitedTopic) -> None:
        try:
            computed = self.Computed(visit, self._analysis.report, content_of(self._analysis, visit))
        except LayerscopeError as error:
            computed = self.Computed(visit, None, None, str(error))
        if not get_current_worker().is_cancelled:
            self.post_message(computed)

    @on(Computed)
    def _on_computed(self, message: Computed) -> None:
        visit, report, content = message.visit, message.report, message.content
        if visit is not self._state.visit:
            return
        self._is_computing = False
        self.call_after_refresh(self.become_ready)
        if report is None or content is None:
            self._say(printable_line(message.error))
            return
        self._report = report
        self._show_names()
        self.query_one(Headline).show(report)
        self.query_one(SizeBar).show(report)
        self._content = content
        self.set_class(visit.topic == Topic(SizeView.OVERVIEW), "-overview")
        self.body.show(content, visit)
        if not self.prompt.has_focus:
            self.set_focus(self.body.chooser)
        self._say(self.body.detail(content))
        self.refresh_bindings()

    @on(LineList.Moved)
    @on(Treemap.Moved)
    def _on_moved(self) -> None:
        self.body.remember(self._state.visit)
        if self._content is not None:
            self._say(self.body.detail(self._content))

    def _say(self, text: str) -> None:
        self.query_one("#detail", Static).update(Text(text, overflow="fold"))
        self.query_one("#detail-frame").display = bool(text)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # from Textual
        if action in ("filter", "sort"):
            return self._state.visit.topic.is_list
        return action != "up" or self._state.visit.topic.is_folder

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(MAP_TABLE if self._view is SizeView.MAP else SIZE_TABLE))

    def action_go_to(self, view: int) -> None:
        self._go(Topic(SizeView(view)))

    def action_view(self, step: int) -> None:
        views = self._views
        self._go(Topic(views[(views.index(self._view) + step) % len(views)]))

    def _go(self, topic: Topic) -> None:
        self.body.remember(self._state.visit)
        if self._state.go_to(topic):
            self.prompt.close()
            self._show()

    def action_back(self) -> None:
        """Clear the filter, or go back to the visit before, or to the explorer."""
        if self._state.visit.query:
            self._filter("")
        elif self._state.go_back():
            self._show()
        else:
            self.dismiss(None)

    def action_choose(self) -> None:
        """Go to what the row is about, or open the file."""
        subject = self.body.subject
        if subject.topic is not None:
            self._go(subject.topic)
        elif subject.node is None:
            self.action_show()
        else:
            self._files.open_file(subject)

    @on(RowTable.Chosen)
    @on(Overview.Chosen)
    @on(Treemap.Chosen)
    def _on_chosen(self) -> None:
        self.action_choose()

    def action_up(self) -> None:
        topic = self._state.visit.topic
        if topic.subject:
            parent = self._analysis.tree.index.parents[topic.subject]
            self._go(Topic(topic.view, parent or None))
        else:
            warn(self, "This is the top folder.")

    def action_show(self) -> None:
        subject = self.body.subject
        if subject.target is None:
            leads = ": Enter lists its files" if subject.topic is not None else ""
            warn(self, f"This is not one path in the tree{leads}.")
        else:
            self.body.remember(self._state.visit)
            self.dismiss(subject.target)

    def action_copy(self) -> None:
        """Copy the new instruction of the advice, or the path."""
        subject = self.body.subject
        if subject.copied:
            copy_text(self, subject.copied)
        elif subject.node is not None:
            copy_text(self, copied_path(self._analysis.tree.index.path(subject.node)))
        else:
            warn(self, "There is nothing to copy here.")

    def action_extract(self) -> None:
        """Ask where to extract the file or folder."""
        self._files.extract(self.body.subject)

    def action_history(self) -> None:
        self._files.open_history(self.body.subject)

    def action_sort(self) -> None:
        self.action_sort_by(self._state.visit.order + 1)

    def action_sort_by(self, order: int) -> None:
        """Sort by one of the orders of the list."""
        self._state.visit.order = order
        self._state.visit.cursor = 0
        self._show()

    def action_filter(self) -> None:
        self.prompt.ask("filter", FILTER_HINT)
        with self.prevent(Input.Changed):
            self.prompt.value = self._state.visit.query

    def on_input_changed(self, message: Input.Changed) -> None:
        """Filter by the text typed so far."""
        self._filter(message.value)

    @on(PromptLine.Answered)
    def _on_answered(self, message: PromptLine.Answered) -> None:
        self.set_focus(self.body.chooser)
        if message.value is None:
            self._filter("")

    def _filter(self, text: str) -> None:
        visit = self._state.visit
        if text == visit.query:
            return
        try:
            parse_query(text)
        except LayerscopeError as error:
            self._say(printable_line(str(error)))
            return
        visit.query, visit.cursor, visit.top = text, 0, 0
        self._show()
