"""The releases of an image: a row each with its growth and the step of a jump, below a plot of their sizes."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, NamedTuple

from rich.text import Text
from textual import on
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.getters import query_one
from textual.widgets import Static

from layerscope.analysis.search.query import Query, parse_query
from layerscope.cache.cache import Cache
from layerscope.errors import UsageError
from layerscope.model.progress import Progress
from layerscope.session.image_session import ImageRequest
from layerscope.session.releases import ReleaseOrder, fetch_size
from layerscope.session.summary import (
    BLOCKS,
    PLOT_HEIGHT,
    cause_words,
    growth_words,
    limit_words,
    minute_text,
    plot_of,
    printable_title,
)
from layerscope.session.trend import Trend, find_trend, releases_like
from layerscope.text import human_size, plural, printable_line, printable_name
from layerscope.tui.dialogs.help import HelpScreen
from layerscope.tui.drawing.glyphs import glyphs_of
from layerscope.tui.images.opening import OpeningScreen
from layerscope.tui.keys.order import LeftOnce, SaysWhyNot
from layerscope.tui.keys.table import FILTER, HELP, QUIT, Key, KeyGroup, bindings
from layerscope.tui.services import copy_text, warn
from layerscope.tui.tree.filter_bar import FilterBar, FilterLine
from layerscope.tui.tree.keys import FILTER_KEYS
from layerscope.tui.widgets.key_line import KeyLine
from layerscope.tui.widgets.line_list import LineList
from layerscope.tui.widgets.row_table import RowTable, TableColumn, TableRow
from layerscope.tui.widgets.title_line import Fact, TitleLine

_KEYS = (
    HELP,
    Key("enter", "compare", "compare", "Compare with the release before", id="releases.compare", rank=10),
    Key("d,m,D", "mark", "mark", "Mark a release; on another one, compare the two", id="releases.mark", rank=15),
    Key("right,l", "open", "open", "Open the release", id="releases.open", rank=20),
    Key("escape,left,h", "back", "back", "Clear the filter, or go back", id="releases.back", rank=30),
    replace(FILTER, rank=40),
    Key("s", "sort", "sort", "Sort by version or by time", id="releases.sort", rank=50),
    Key("plus", "more", "more", "Ask the registry for twice as many of its releases", id="releases.more", rank=55),
    Key("y", "copy", "copy", "Copy the reference of the release", id="releases.copy", rank=60),
    Key("r", "refresh", "refresh", "Look for releases again", id="releases.refresh", rank=65),
    QUIT.at(70),
)
_TABLE = (
    KeyGroup("Releases", _KEYS),
    KeyGroup("In any list", LineList.KEYS),
    KeyGroup("In the filter", FILTER_KEYS),
)

_FIRST_TAGS = 50
"""The releases of a registry that are read at first: each takes up to three requests."""

_COSTLY = 100_000_000
"""The bytes from which on a comparison says what it fetches, and waits for a second key."""

_WIDE = 100
"""The width from which on there is a column for the time."""

_LEAST_ROWS, _LINES_AROUND = 12, 7
"""The rows that have room below a plot, and the lines above and below both."""


class ReleaseActions(NamedTuple):
    """The ways from the screen: ``open_release`` shows one in the explorer, ``compare`` takes the old and the new one.

    ``find`` looks for so many releases of a registry.
    """

    find: Callable[[int, Progress], Trend]
    open_release: Callable[[ImageRequest], None]
    compare: Callable[[ImageRequest, ImageRequest], None]


class ReleasesScreen(LeftOnce[object], SaysWhyNot):
    """A list of releases, the last one under the cursor. ``last`` is the number that a registry was asked for."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(_KEYS)
    why_not: ClassVar[dict[str, str]] = {"more": "All releases are here."}
    DEFAULT_CSS = """
    ReleasesScreen {
        layout: vertical; background: $background;
        #plot { height: auto; padding: 1 1 0 1; }
        #titles { height: 1; padding: 0 1; color: $foreground 60%; }
        RowTable { padding: 0 1; }
        #release-detail { height: auto; min-height: 1; max-height: 4; padding: 0 1; color: $foreground 80%; }
        FilterLine { display: none; }
    }
    """

    table = query_one(RowTable)

    def __init__(self, trend: Trend, actions: ReleaseActions, last: int) -> None:
        super().__init__()
        self._trend, self._actions, self._last = trend, actions, last
        self._order = ReleaseOrder.VERSION
        self._query: Query | None = None
        self._marked: ImageRequest | None = None
        self._agreed: object = None
        """The comparison whose cost has been said."""
        self._filter_line = FilterLine(lambda: self.set_focus(self.table))

    def compose(self) -> ComposeResult:
        yield TitleLine(printable_name(self._trend.name))
        yield Static("", id="plot", markup=False)
        yield Static("", id="titles", markup=False)
        yield RowTable()
        yield Static("", id="release-detail", markup=False)
        yield self._filter_line
        yield KeyLine(_TABLE)

    def on_mount(self) -> None:
        self.set_focus(self.table)
        self._show(len(self._trend.releases) - 1)

    def on_resize(self) -> None:
        """Choose the columns and the plot for the size."""
        self._show(self._number)

    @property
    def _number(self) -> int:
        """The number of the release under the cursor."""
        row = self.table.row
        return row.subject if row is not None and isinstance(row.subject, int) else -1

    def _show(self, number: int) -> None:
        """Show the releases that match, with the cursor on one of them, or else on the last one."""
        trend, rows = self._trend, list(self._rows())
        numbers = [row.subject for row in rows]
        sizes, is_wide = list(trend.sizes()), self.size.width >= _WIDE
        columns = [
            *(TableColumn(title, right=True) for title in (*sizes[: 2 if is_wide else 1], "growth", "pull")),
            *([TableColumn("created")] if is_wide else []),
            TableColumn("  release"),
            TableColumn("step"),
        ]
        self.table.show(columns, rows, numbers.index(number) if number in numbers else len(rows) - 1)
        count = plural(len(trend.releases), "release")
        facts = [
            Fact(f"last {count} of {len(trend.releases) + trend.left_out:,}" if trend.left_out else count, 3),
            Fact(f"by {self._order}", 1),
            Fact("" if self._query is None else f"{len(rows):,} match", 2),
            Fact("" if trend.rate_limit is None else limit_words(trend.rate_limit)),
        ]
        self.query_one(TitleLine).show(facts)
        self._show_titles()
        self._show_detail()
        self.refresh_bindings()

    def _rows(self) -> Iterator[TableRow]:
        trend, is_wide, glyphs = self._trend, self.size.width >= _WIDE, glyphs_of(self)
        sizes = list(trend.sizes().values())
        most = max((size or 0 for size in sizes[0]), default=0) if sizes else 0
        for number, (found, each) in enumerate(zip(trend.found, trend.releases, strict=True)):
            tag, growth = each.tag, each.growth
            step = printable_line(tag.reason) if tag.reason else cause_words(each)
            if self._query is not None and not any(map(self._query.matches, (tag.name, step))):
                continue
            mark = glyphs.marked if found.request == self._marked else " "
            cells = (
                *(human_size(column[number]) for column in sizes[: 2 if is_wide else 1]),
                growth_words(each),
                "" if tag.reason else human_size(tag.pull_size),
                *([minute_text(tag.created)] if is_wide else []),
                f"{mark} {printable_name(tag.name)}",
                step,
            )
            style = "muted" if tag.reason else None
            if growth is not None and growth.step is not None:
                style = "modified" if growth.size > 0 else "added"
            size = sizes[0][number] if sizes else None
            detail = tag.reason or (growth.step.title if growth and growth.step else "")
            yield TableRow(cells, (size or 0) / most if most else None, style=style, subject=number, detail=detail)

    @on(RowTable.Fitted)
    def _show_titles(self) -> None:
        self.query_exactly_one("#titles", Static).update(self.table.titles())

    @on(LineList.Moved)
    def _show_detail(self) -> None:
        """Show the whole instruction or the reason, what is marked, and the plot with the release under the cursor."""
        row, text = self.table.row, Text(overflow="fold")
        if row is None:
            text.append("Nothing matches.", "italic")
        elif row.detail:
            text.append(printable_title(row.detail))
        if self._marked is not None:
            name = next(each.name for each in self._trend.found if each.request == self._marked)
            text.append(f"{chr(10) if text else ''}d on another row compares it with {printable_name(name)}.", "italic")
        self.query_exactly_one("#release-detail", Static).update(text)
        self._show_plot()

    def _show_plot(self) -> None:
        glyphs, widget = glyphs_of(self), self.query_exactly_one("#plot", Static)
        least = min(_LEAST_ROWS, len(self._trend.releases))
        has_room = self.size.height >= PLOT_HEIGHT + _LINES_AROUND + least
        plot = plot_of(self._trend, self.size.width - 2, BLOCKS[glyphs.has_unicode]) if has_room else None
        widget.display = plot is not None
        if plot is None:
            return
        column, text, style_of = plot.columns(self._number), Text(no_wrap=True), self.table.style_of
        for line in plot.lines[:-1]:
            bars = Text(f"{line}\n", style_of("bar"))
            bars.stylize(style_of("muted"), 0, plot.columns(plot.first).start)
            bars.stylize(style_of("accent"), column.start or 0, column.stop)
            text.append(bars)
        widget.update(text.append(plot.lines[-1], style_of("muted")))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # from Textual
        return action != "more" or bool(self._trend.left_out)

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(_TABLE))

    def action_back(self) -> None:
        """Clear the filter, or go back to the start screen."""
        if self._query is None and not self._filter_line.display:
            self.dismiss()
        with self.prevent(self._filter_line.bar.Changed):
            self._filter_line.bar.clear()
        self._filter_line.display = False
        self.set_focus(self.table)
        self._query = None
        self._show(self._number)

    def action_filter(self) -> None:
        self._filter_line.display = True
        # Not by a message: the next key may follow immediately, and needs the new focus.
        self.set_focus(self._filter_line.bar)

    def on_input_changed(self, message: FilterBar.Changed) -> None:
        """Filter by the text typed so far."""
        try:
            self._query = parse_query(message.value)
        except UsageError as error:
            self.query_exactly_one("#release-detail", Static).update(printable_line(str(error)))
        else:
            self._show(self._number)

    def action_sort(self) -> None:
        """Sort by the other order, in which other releases follow each other."""
        orders = list(ReleaseOrder)
        self._order = orders[(orders.index(self._order) + 1) % len(orders)]
        self._take(self._trend)

    def _take(self, trend: Trend) -> None:
        chosen = self._trend.found[self._number].request if self._number >= 0 else None
        self._trend = trend.by(self._order)
        requests = [each.request for each in self._trend.found]
        self._marked = self._marked if self._marked in requests else None
        self._show(requests.index(chosen) if chosen in requests else len(requests) - 1)

    def action_more(self) -> None:
        self.action_refresh(2)

    def action_refresh(self, factor: int = 1) -> None:
        """Look for releases again, for more of a registry's by a factor."""
        last = self._last * factor

        def take(trend: Trend | None) -> None:
            if trend is not None:
                self._last = last
                self._take(trend)

        self.app.push_screen(_search(self._trend.name, partial(self._actions.find, last)), take)

    def action_copy(self) -> None:
        if self._number >= 0:
            copy_text(self, self._trend.found[self._number].request.reference)

    def action_open(self) -> None:
        if self._has_image(self._number):
            self._actions.open_release(self._trend.found[self._number].request)

    @on(RowTable.Chosen)
    def action_compare(self) -> None:
        """Compare with the last release before that has an image."""
        before = [number for number in range(self._number) if self._trend.found[number].image]
        if not before and self._number >= 0:
            warn(self, "This is the first release here: the right arrow opens it.")
        elif self._has_image(self._number):
            self._compare(before[-1], self._number)

    def action_mark(self) -> None:
        """Mark the release under the cursor, or compare it with the marked one, the older one first."""
        number, found = self._number, self._trend.found
        marked = next((at for at, each in enumerate(found) if each.request == self._marked), None)
        if not self._has_image(number):
            return
        self._marked = found[number].request if marked is None else None
        self._show(number)
        if marked not in (None, number):
            self._compare(*sorted((marked or 0, number)))

    def _has_image(self, number: int) -> bool:
        """Return whether a release can be opened, and say why not."""
        reason = self._trend.releases[number].tag.reason if number >= 0 else None
        if reason is not None:
            warn(self, reason)
        return number >= 0 and reason is None

    def _compare(self, old: int, new: int) -> None:
        """Compare two releases; what that fetches from a registry is said first where it is much."""
        found = self._trend.found
        cost = fetch_size((found[old], found[new]))
        if cost > _COSTLY and self._agreed != (old, new):
            self._agreed = old, new
            warn(self, f"Comparing these fetches up to {human_size(cost)}: the same key again agrees.")
            return
        self._actions.compare(found[old].request, found[new].request)


def _search(name: str, find: Callable[[Progress], Trend]) -> OpeningScreen[Trend]:
    return OpeningScreen(f"Looking for the releases of {printable_name(name)}", find, "release")


def show_releases(
    app: App[Any],
    reference: str,
    cache: Cache | None,
    open_release: Callable[[ImageRequest], None],
    compare: Callable[[ImageRequest, ImageRequest], None],
) -> None:
    """Find the releases of an image in the background, and show them."""

    def find(last: int, progress: Progress) -> Trend:
        question = releases_like(reference, last)
        trend = find_trend(question, progress, cache)
        if len(trend.releases) == 1 and os.path.lexists(question.references[0]):
            raise UsageError(f"{reference} holds one image, and no archive beside it differs in the version only")
        return trend

    def show(trend: Trend | None) -> None:
        if trend is not None:
            app.push_screen(ReleasesScreen(trend, ReleaseActions(find, open_release, compare), _FIRST_TAGS))

    app.push_screen(_search(reference, partial(find, _FIRST_TAGS)), show)
