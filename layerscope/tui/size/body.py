"""The frame of the size view: a list, the map or the overview."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from rich.style import Style
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.getters import query_one
from textual.widgets import Static

from layerscope.analysis.search.query import parse_query
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.tui.size.lists.directories import empty_folder_sentence
from layerscope.tui.size.lists.model import ShownList, Subject
from layerscope.tui.size.lists.topics import size_list, topic_title
from layerscope.tui.size.map_boxes import entry_detail, entry_subject, folder_entries
from layerscope.tui.size.map_widget import Treemap
from layerscope.tui.size.overview import Item, Overview, overview_items
from layerscope.tui.size.state import SizeView, Topic, VisitedTopic
from layerscope.tui.widgets.line_list import LineList
from layerscope.tui.widgets.row_table import RowTable


@dataclass(frozen=True, slots=True)
class OverviewContent:
    """The items of the overview."""

    items: Sequence[Item]


@dataclass(frozen=True, slots=True)
class MapContent:
    """A folder whose map is shown."""

    folder: int


Content = OverviewContent | MapContent | ShownList


def content_of(analysis: SizeAnalysis, visit: VisitedTopic) -> Content:
    """Return what a visit shows; this reads layers and file contents as needed."""
    topic = visit.topic
    if topic == Topic(SizeView.OVERVIEW):
        return OverviewContent(overview_items(analysis))
    if topic.view is SizeView.MAP:
        # The sums of all folders take a while; what is below each one is looked up when the map is laid out.
        return MapContent(analysis.directories.row(topic.subject or 0).node)
    return size_list(analysis, topic).shown(parse_query(visit.query), visit.order)


class SizeBody(Container):
    """The widgets of which one is shown: it has the cursor, and knows the subject under it."""

    DEFAULT_CSS = """
    SizeBody {
        height: 1fr;
        border: $frame $primary;
        border-title-style: bold;
        #titles { height: 1; color: $foreground 60%; }
        Treemap, Overview, RowTable, #titles { display: none; }
        &.-overview Overview { display: block; }
        &.-map Treemap { display: block; }
        &.-list RowTable, &.-list #titles { display: block; }
    }
    """

    table = query_one(RowTable)
    treemap = query_one(Treemap)
    overview = query_one(Overview)

    def __init__(self, analysis: SizeAnalysis) -> None:
        super().__init__(id="size-frame")
        self._analysis = analysis
        self._title_styles: dict[str, Style] = {}
        """The titles of the columns that a click sorts by."""

    def compose(self) -> ComposeResult:
        titles = Static("", id="titles", markup=False)
        titles.auto_links = False
        yield titles
        yield RowTable()
        yield Treemap()
        yield Overview()

    def show(self, content: Content, visit: VisitedTopic) -> None:
        for name, kind in (("-overview", OverviewContent), ("-map", MapContent), ("-list", ShownList)):
            self.set_class(isinstance(content, kind), name)
        self.border_title = Text(topic_title(self._analysis, visit.topic)).markup
        self.border_subtitle = Text(content.caption).markup if isinstance(content, ShownList) else ""
        if isinstance(content, OverviewContent):
            self.overview.show(content.items, visit.cursor)
        elif isinstance(content, MapContent):
            self.treemap.show(content.folder, partial(folder_entries, self._analysis), visit.cursor)
        else:
            self.table.show(content.columns, content.rows, visit.cursor)
            self._title_styles = {
                title: Style(bold=title == content.sorted_by, meta={"@click": f"screen.sort_by({order})"})
                for order, title in enumerate(content.sorts)
            }
            self._show_titles()
        chooser = self.chooser
        if visit.top and isinstance(chooser, LineList):
            # the lines that were on the screen when the visit was left
            self.call_after_refresh(chooser.scroll_back, visit.top)

    @on(RowTable.Fitted)
    def _show_titles(self) -> None:
        self.query_one("#titles", Static).update(self.table.titles(self._title_styles))

    def remember(self, visit: VisitedTopic) -> None:
        """Keep the cursor and the scroll position of the visit that is shown."""
        visit.cursor = self.chooser.cursor
        visit.top = round(self.chooser.scroll_offset.y)

    @property
    def chooser(self) -> LineList | Treemap:
        if self.has_class("-overview"):
            return self.overview
        return self.treemap if self.has_class("-map") else self.table

    @property
    def subject(self) -> Subject:
        """The subject of the item, the box or the row under the cursor; an empty one if there is none."""
        if self.chooser is self.overview:
            return self.overview.subject
        if self.chooser is self.treemap:
            entry = self.treemap.entry
            return Subject() if entry is None else entry_subject(self._analysis, entry)
        row = self.table.row
        return row.subject if row is not None and isinstance(row.subject, Subject) else Subject()

    def detail(self, content: Content) -> str:
        """Return what is said about the subject, or why there is none."""
        if isinstance(content, OverviewContent):
            return ""
        if isinstance(content, MapContent):
            entry = self.treemap.entry
            if entry is None:
                # before its first layout, the map has no boxes
                return empty_folder_sentence(self._analysis) if self.treemap.size else ""
            return entry_detail(self._analysis, entry)
        row = self.table.row
        return content.when_empty if row is None else row.detail
