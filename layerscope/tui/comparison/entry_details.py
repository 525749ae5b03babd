"""What is known of the path under the cursor on both sides of a comparison."""

from rich.text import Text

from layerscope.analysis.comparison.diff_tree import AFTER, BEFORE, DiffTree
from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.layered_tree import TreeRow
from layerscope.model.entries import FileEntry, Kind
from layerscope.text import human_size, mode_text, plural, printable_name, signed_size
from layerscope.tui.comparison.rows import DiffRows
from layerscope.tui.tree.entry_details import EntryDetails
from layerscope.tui.tree.file_tree import owner_text, time_text
from layerscope.tui.tree.visible_rows import VisibleRows


class DiffDetails(EntryDetails):
    """The path and what differs, then a line for each side that has it."""

    DEFAULT_CSS = """
    DiffDetails { min-height: 3; }
    """

    def show(self, rows: VisibleRows, row: TreeRow) -> None:
        """Show both sides of a row."""
        assert isinstance(rows, DiffRows)  # noqa: S101  # a comparison shows no others
        tree = rows.diff_tree
        text = Text(f"/{printable_name(row.entry.path)}", style="bold", overflow="fold")
        text.append(f"  {self._difference(rows, row)}\n", style="not bold")
        sides = [(name, tree.entry(row.node, side)) for name, side in (("before", BEFORE), ("after", AFTER))]
        known = [(name, entry) for name, entry in sides if entry is not None]
        lines = [f"{name:<7}{self._entry(tree, row.node, entry, name)}" for name, entry in known]
        self.put(text.append("\n".join(lines), style="not bold"))

    def _difference(self, rows: DiffRows, row: TreeRow) -> str:
        tree, other = rows.diff_tree, rows.moves.get(row.node)
        moved = f", moved {'to' if row.change is ChangeKind.REMOVED else 'from'} /{printable_name(other or b'')}"
        aspects = ", ".join(tree.aspects(row.node).words)
        words = {ChangeKind.UNCHANGED: "unchanged", ChangeKind.MODIFIED: f"modified: {aspects}"}
        story = words.get(row.change, row.change.word) + (moved if other is not None else "")
        totals = tree.totals.get(row.node)
        if totals is not None:
            story += f", {plural(totals.changes, 'change')} below it"
        delta = tree.delta(row.node)
        return f"{story}, {signed_size(delta)}" if delta else story

    def _entry(self, tree: DiffTree, node: int, entry: FileEntry, side: str) -> str:
        parts = [mode_text(entry.kind.letter, entry.mode), owner_text(entry)]
        if entry.row is not None:
            parts.append(time_text(entry.mtime, "%Y-%m-%d %H:%M:%S"))
        if entry.kind is Kind.FILE:
            parts.append(plural(entry.size, "byte"))
        elif entry.kind is Kind.DIR:
            parts += self._below(tree, node, BEFORE if side == "before" else AFTER)
        elif entry.link is not None:
            sign = "=" if entry.kind is Kind.HARDLINK else self.glyphs.arrow
            parts.append(f"{sign} {'/' if entry.kind is Kind.HARDLINK else ''}{printable_name(entry.link)}")
        else:
            parts.append(entry.kind.word)
        parts.append(f"layer {entry.layer}" if entry.row is not None else "implied by the paths below it")
        parts += [f"xattrs {', '.join(printable_name(name) for name, _ in entry.xattrs)}"] if entry.xattrs else []
        return f" {self.glyphs.separator} ".join(parts)

    def _below(self, tree: DiffTree, node: int, layer: int) -> list[str]:
        """Return the size of all that is below a folder; of what a layer holds itself, it is not known."""
        side = tree.side(layer)
        return [] if side.state.own else [f"{human_size(side.size(node))} below it"]
