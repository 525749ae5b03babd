"""The details of the path under the cursor, on both sides of a comparison."""

from rich.text import Text

from layerscope.analysis.comparison.diff_tree import AFTER, BEFORE, DiffTree
from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.layered_tree import TreeRow
from layerscope.model.entries import FileEntry, Kind
from layerscope.text import human_size, mode_text, plural, printable_name, signed_size
from layerscope.tui.comparison.rows import DiffRows
from layerscope.tui.drawing.glyphs import glyphs_of
from layerscope.tui.tree.attributes import owner_text, time_text
from layerscope.tui.tree.entry_details import EntryDetails
from layerscope.tui.tree.visible_rows import VisibleRows


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
