"""The tree of a comparison: its rows, by how many bytes each path and folder grew, and the details of a row."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from rich.segment import Segment
from rich.text import Text

from layerscope.analysis.comparison.diff_tree import AFTER, BEFORE, DiffTree, Totals, add_up
from layerscope.analysis.search.query import Query
from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.layered_tree import TreeRow
from layerscope.model.entries import FileEntry, Kind
from layerscope.text import human_size, mode_text, plural, printable_name, signed_size
from layerscope.tui.drawing.bars import LEAST_SHARE
from layerscope.tui.drawing.cells import padded
from layerscope.tui.drawing.glyphs import glyphs_of
from layerscope.tui.tree.columns import TreeColumn, owner_text, time_text
from layerscope.tui.tree.entry_details import EntryDetails
from layerscope.tui.tree.file_tree import NAME_SHARE, FileTree
from layerscope.tui.tree.view import Folds, View
from layerscope.tui.tree.visible_rows import VisibleRows

_NO_CHANGES = Totals()
_SIZE_WIDTH, _DELTA_WIDTH = 9, 11
_BAR_WIDTH, _WIDEST_BAR, _BAR_YIELDS = 9, 17, 5
_WHAT_WIDTH, _WIDEST_WHAT = 15, 25
_SIZE_RANK, _BAR_RANK, _WHAT_RANK, _DELTA_RANK = 0, 1, 20, 21
"""The columns with the lowest rank are dropped first to make room for the name."""


class DiffRows(VisibleRows):
    """`VisibleRows` of the layer AFTER, which are sorted by the size of the change instead of the size.

    ``totals`` are the changes below each folder, with a filter those that match.
    ``moves`` maps a node to the path that its file was moved from or to; it may be filled later. ``uncertain`` are
    nodes whose differences depend on layers that could not be read.
    """

    def __init__(
        self,
        tree: DiffTree,
        view: View,
        folds: Folds,
        moves: Mapping[int, bytes] | None = None,
        uncertain: frozenset[int] = frozenset(),
    ) -> None:
        super().__init__(tree, view, folds)
        self.diff_tree = tree
        self.moves = {} if moves is None else moves
        self.uncertain = uncertain
        self.totals: Mapping[int, Totals] = tree.totals

    def _match(self, query: Query) -> Iterator[None]:
        """Find the paths that match, and add up their changes by folder."""
        yield from super()._match(query)
        diff, totals = self.diff_tree.diff, dict[int, Totals]()
        yield from add_up(diff, (row for row, node in enumerate(diff.nodes) if self.is_found(node)), totals)
        self.totals = totals

    def delta(self, node: int) -> int:
        """Return the content bytes by which a path grew, with everything below it that matches the filter."""
        return self.diff_tree.own_delta(node) + self.totals.get(node, _NO_CHANGES).size_delta

    @cached_property
    def draws_bars(self) -> bool:
        """True if the bar of any path is long enough to be seen."""
        return self.diff_tree.largest_delta >= LEAST_SHARE * self.diff_tree.whole_size

    def match_words(self) -> str:
        """Return the number of matches, and by how much they grew."""
        matches = self.matches
        return "" if matches is None else f"{plural(matches.count, 'match', 'matches')}, {signed_size(self.delta(0))}"

    def _ranks(self, nodes: Iterable[int]) -> Iterator[int]:
        return (-abs(self.delta(node)) for node in nodes)


class DiffDetails(EntryDetails):
    """The path and its differences, then a line for each side that has it."""

    DEFAULT_CSS = """
    DiffDetails { min-height: 3; }
    """

    def details(self, rows: VisibleRows, row: TreeRow) -> Text:
        """Return both sides of a row for the width."""
        assert isinstance(rows, DiffRows)  # noqa: S101  # a comparison shows no others
        tree = rows.diff_tree
        text = self.path_text(f"/{printable_name(row.entry.path)}")
        text.append(f"  {self._difference(rows, row)}\n", style="not bold")
        lines = [
            self.facts(self._entry(tree, row.node, entry, side), lead=f"{name}  ")
            for name, side in (("old", BEFORE), ("new", AFTER))
            if (entry := tree.entry(row.node, side)) is not None
        ]
        return text.append("\n".join(lines), style="not bold")

    def _difference(self, rows: DiffRows, row: TreeRow) -> str:
        tree, move = rows.diff_tree, rows.moves.get(row.node)
        moved = f", moved {'to' if row.change is ChangeKind.REMOVED else 'from'} /{printable_name(move or b'')}"
        aspects = ", ".join(tree.aspects(row.node).words)
        words = {ChangeKind.UNCHANGED: "unchanged", ChangeKind.MODIFIED: f"modified: {aspects}"}
        text = words.get(row.change, row.change.word) + (moved if move is not None else "")
        totals = rows.totals.get(row.node)
        if totals is not None:
            text += f", {plural(totals.changes, 'change')} below it"
        if row.node in rows.uncertain:
            text += ", uncertain because a layer could not be read"
        delta = rows.delta(row.node)
        return f"{text}, {signed_size(delta)}" if delta else text

    def _entry(self, tree: DiffTree, node: int, entry: FileEntry, side: int) -> list[str]:
        """Return the facts about the path on a side."""
        parts = [mode_text(entry.kind.letter, entry.mode), owner_text(entry)]
        if entry.row is not None:
            parts.append(time_text(entry.mtime, "%Y-%m-%d %H:%M:%S"))
        if entry.kind is Kind.FILE:
            parts.append(plural(entry.size, "byte"))
        elif entry.kind is Kind.DIR:
            parts += self._below(tree, node, side)
        elif entry.link is not None:
            sign = "=" if entry.kind is Kind.HARDLINK else glyphs_of(self).arrow
            parts.append(f"{sign} {'/' if entry.kind is Kind.HARDLINK else ''}{printable_name(entry.link)}")
        else:
            parts.append(entry.kind.word)
        parts.append(f"layer {entry.layer}" if entry.row is not None else "implied by paths below it")
        parts += [f"xattrs {', '.join(printable_name(name) for name, _ in entry.xattrs)}"] if entry.xattrs else []
        return parts

    def _below(self, tree: DiffTree, node: int, side: int) -> list[str]:
        """Return the size of everything below a folder; it is unknown if only one layer is shown."""
        state = tree.side(side)
        return [] if state.state.own else [f"{human_size(state.size(node))} below it"]


class DiffFileTree(FileTree):
    """A file tree whose rows are those of a comparison, with the sizes of the new side."""

    def largest(self, rows: VisibleRows) -> int:
        """Return the size of a full bar: that of the larger one of the two states."""
        return _diff_rows(rows).diff_tree.whole_size

    def columns(self) -> Iterator[TreeColumn]:
        """Yield the columns after the name: attributes, size, differences, growth, and a bar of the growth."""
        yield from self.attribute_columns()
        yield TreeColumn("size", "size", _SIZE_RANK, _SIZE_WIDTH, _SIZE_WIDTH)
        yield TreeColumn("what", "  changes", _WHAT_RANK, _WHAT_WIDTH, _WIDEST_WHAT, "<")
        yield TreeColumn("delta", "growth ", _DELTA_RANK, _DELTA_WIDTH, _DELTA_WIDTH)
        has_bars = _diff_rows(self.rows).draws_bars
        yield TreeColumn(
            "bar", "", _BAR_RANK, _BAR_WIDTH, _WIDEST_BAR, "<", NAME_SHARE, is_empty=not has_bars, yields=_BAR_YIELDS
        )

    def cell(self, name: str, row: TreeRow, width: int) -> list[Segment]:
        delta, muted = _diff_rows(self.rows).delta(row.node), self.style_of("muted")
        change = "removed" if delta < 0 else "added"
        match name:
            case "size":
                size = human_size(self._size_of(row)) if self._has_size(row) else ""
                return [Segment(f"{size:>{width}}", muted)]
            case "what":
                return [Segment(padded(f"  {self._differences(row)}", width, self.glyphs), muted)]
            case "delta":
                return [Segment(f"{signed_size(delta) if delta else '':>{width - 1}} ", self.style_of(change))]
            case "bar":
                return [*self.bar(abs(delta) / self.total, 0, width - 1, change), Segment(" ")]
            case _:
                return super().cell(name, row, width)

    def _size_of(self, row: TreeRow) -> int:
        return _diff_rows(self.rows).size(row.node)

    def _has_size(self, row: TreeRow) -> bool:
        """Return whether a row shows a size: a folder has none if only one layer is shown."""
        if row.entry.kind is Kind.DIR:
            return not _diff_rows(self.rows).diff_tree.diff.pairing.new.state.own
        return row.entry.kind is Kind.FILE or self._size_of(row) > 0

    def _differences(self, row: TreeRow) -> str:
        """Return the attributes of a path that differ, and for a folder the number of paths below it that do."""
        tree = _diff_rows(self.rows).diff_tree
        words = ["?"] if row.node in _diff_rows(self.rows).uncertain else []
        words += [", ".join(tree.aspects(row.node).words)] if row.change is ChangeKind.MODIFIED else []
        totals = _diff_rows(self.rows).totals.get(row.node)
        if totals is not None:
            counts = (("+", totals.added), ("~", totals.modified), ("-", totals.removed))
            words += [f"{mark}{count:,}" for mark, count in counts if count]
        return " ".join(words)

    def link_text(self, row: TreeRow) -> str:
        """Return the path that a file was moved to or from, or the target of a link."""
        move = _diff_rows(self.rows).moves.get(row.node)
        if move is None:
            return super().link_text(row)
        words = "moved to" if row.change is ChangeKind.REMOVED else "moved from"
        return f"  {words} /{printable_name(move)}"


def _diff_rows(rows: VisibleRows | None) -> DiffRows:
    assert isinstance(rows, DiffRows)  # noqa: S101  # a comparison has no other rows
    return rows
