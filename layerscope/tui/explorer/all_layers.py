"""The list of matching paths in all layers: opens a file as a layer has it, or goes there in the tree."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

from textual import on, work
from textual.binding import BindingType
from textual.message import Message

from layerscope.analysis.search.found_paths import FoundPath, Wanted, find_paths
from layerscope.analysis.search.query import Query
from layerscope.errors import UsageError
from layerscope.model.entries import Kind
from layerscope.session.files.revision import revision_at
from layerscope.session.loaded_image import LoadedImage
from layerscope.session.summary import layer_title
from layerscope.text import human_size, plural, printable_name, printable_path
from layerscope.tui.explorer.keys import ALL_LAYERS_KEYS, ALL_LAYERS_TABLE
from layerscope.tui.file_screens import FileScreens
from layerscope.tui.keys.table import bindings
from layerscope.tui.services import warn
from layerscope.tui.widgets.row_panel import RowPanel
from layerscope.tui.widgets.row_table import RowTable, TableColumn, TableRow, Target

_MOST = 10_000
"""The most rows that are shown; a longer list is not read."""


class _Rows(Sequence[TableRow]):
    """The rows of what is found, made when they are drawn."""

    def __init__(self, opened: LoadedImage, found: Sequence[FoundPath]) -> None:
        self._opened = opened
        self._found = found

    def __len__(self) -> int:
        return len(self._found)

    def __getitem__(self, number: int) -> TableRow:  # type: ignore[override]  # no slices
        found = self._found[number]
        entry, hidden_by = found.entry, found.hidden_by
        cells = (
            str(found.layer),
            found.change.word,
            human_size(entry.size) if entry.kind is Kind.FILE and not found.is_removal else "",
            "" if found.is_removal else "live" if hidden_by is None else f"hidden by {hidden_by}",
            printable_path(entry.path) + ("/" if entry.kind is Kind.DIR else ""),
        )
        style = found.change.word if hidden_by is None else "muted"
        return TableRow(cells, style=style, subject=found, detail=layer_title(self._opened.image, found.layer))


class AllLayersScreen(RowPanel[Target | None]):
    """The matches of a query in every layer, hidden ones dim, in a panel over the explorer.

    ``cursors`` keep the row from which the user went to the tree, by query, for the way back.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(ALL_LAYERS_KEYS)

    @dataclass
    class Searched(Message):
        """The first matches are known, or the reason why they cannot be."""

        found: Sequence[FoundPath]
        problem: str = ""

    def __init__(self, opened: LoadedImage, query: Query, opener: FileScreens, cursors: dict[str, int]) -> None:
        super().__init__(printable_name(query.text), "searching all layers", ALL_LAYERS_TABLE)
        self._opened = opened
        self._query = query
        self._opener = opener
        self._cursors = cursors
        self._found: Sequence[FoundPath] = ()

    def on_mount(self) -> None:
        self.refresh_bindings()
        self._search()

    @work(thread=True, exclusive=True, exit_on_error=False)
    def _search(self) -> None:
        try:
            found = list(islice(find_paths(self._opened.tree, Wanted([self._query])), _MOST + 1))
        except UsageError as error:
            self.post_message(self.Searched((), f"{error}."))
        else:
            self.post_message(self.Searched(found))

    @on(Searched)
    def _on_searched(self, message: Searched) -> None:
        if self.is_left:
            return
        self.call_after_refresh(self.become_ready)
        self._found = message.found[:_MOST]
        layers = len(str(len(self._opened.image.layers)))
        columns = (
            TableColumn("layer", right=True, width=layers),
            TableColumn("change", width=len("modified")),
            TableColumn("size", right=True, width=len("999 MB")),
            TableColumn("final image", width=len("hidden by ") + layers),
            TableColumn("path", is_path=True),
        )
        self.show(columns, _Rows(self._opened, self._found), self._cursors.pop(self._query.text, 0))
        more = "more than " if len(message.found) > _MOST else ""
        live = sum(each.is_live for each in self._found)
        count = f"{more}{plural(len(self._found), 'match', 'matches')} in all layers, {live:,} live"
        self.write_count(message.problem or count)
        self.set_focus(self.table)

    @property
    def _chosen(self) -> FoundPath | None:
        return self._found[self.table.cursor] if self._found else None

    @on(RowTable.Chosen)
    def action_choose(self) -> None:
        found = self._chosen
        revision = None if found is None else revision_at(self._opened, found.node, found.layer)
        if revision is not None:
            self._opener.open_file(self.app, revision)

    def action_show_in_tree(self) -> None:
        found = self._chosen
        if found is None:
            warn(self, "Nothing matches.")
        else:
            self._cursors[self._query.text] = self.table.cursor
            self.dismiss(Target(found.layer, found.node))
