"""The details of the entry under the cursor, with its complete path."""

from collections.abc import Callable

from rich.text import Text
from textual.widgets import Static

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.layered_tree import TreeRow
from layerscope.model.entries import FileEntry, Kind
from layerscope.text import human_size, mode_text, plural, printable_name
from layerscope.tui.drawing.glyphs import glyphs_of
from layerscope.tui.tree.file_tree import owner_text, time_text
from layerscope.tui.tree.visible_rows import Scope, VisibleRows


class EntryDetails(Static):
    """Two or more lines below the tree; ``note`` returns what else there is to say about a row."""

    DEFAULT_CSS = """
    EntryDetails { height: auto; min-height: 2; max-height: 6; padding: 0 1; color: $foreground 80%; }
    """

    def __init__(self, note: Callable[[TreeRow], str] = lambda _: "") -> None:
        super().__init__("", markup=False)
        self._note = note
        self._laid_out = (0, 0)

    def show(self, rows: VisibleRows, row: TreeRow) -> None:
        """Show the details of a row."""
        entry = row.entry
        parts = [mode_text(entry.kind.letter, entry.mode), f"{entry.mode:04o}", owner_text(entry)]
        if entry.row is not None:
            parts.append(time_text(entry.mtime, "%Y-%m-%d %H:%M:%S"))
        parts += [self._size_text(rows, row), self._story(row), self._note(row)]
        parts += [f"xattrs {', '.join(printable_name(name) for name, _ in entry.xattrs)}"] if entry.xattrs else []
        text = Text(f"/{printable_name(entry.path)}{self._target(entry)}\n", style="bold", overflow="fold")
        text.append(f" {glyphs_of(self).separator} ".join(part for part in parts if part), style="not bold")
        self.put(text)

    def say(self, text: str) -> None:
        """Show a sentence instead of details."""
        self.put(Text(text, style="italic"))

    def put(self, text: Text) -> None:
        """Show a text. The screen is laid out again, which costs more than the text, only if its height changes."""
        width = max(1, self.content_size.width)
        laid_out = (width, len(text.wrap(self.app.console, width)))
        self.update(text, layout=laid_out != self._laid_out)
        self._laid_out = laid_out

    def _target(self, entry: FileEntry) -> str:
        if entry.link is None:
            return ""
        if entry.kind is Kind.HARDLINK:
            return f" = /{printable_name(entry.link)} (hard link)"
        return f" {glyphs_of(self).arrow} {printable_name(entry.link)}"

    def _size_text(self, rows: VisibleRows, row: TreeRow) -> str:
        entry = row.entry
        if entry.kind is Kind.FILE:
            return f"{entry.size:,} bytes" if entry.size >= 1000 else plural(entry.size, "byte")  # noqa: PLR2004  # kB
        if entry.kind is Kind.DIR:
            below = "written below it" if rows.view.scope is Scope.OWN else "below it"
            return f"{human_size(rows.size(row.node))} {below}"
        if entry.device is not None:
            return f"device {entry.device[0]}, {entry.device[1]}"
        return entry.kind.word

    def _story(self, row: TreeRow) -> str:
        written = (
            f"written by layer {row.entry.layer}" if row.entry.row is not None else "implied by the paths below it"
        )
        if row.change is ChangeKind.REMOVED:
            return f"removed by this layer, {written}"
        return {ChangeKind.ADDED: "added by this layer", ChangeKind.MODIFIED: "modified by this layer"}.get(
            row.change, written
        )
