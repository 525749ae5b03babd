"""The details of the entry under the cursor, with its complete path."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from rich.cells import cell_len
from rich.text import Text
from textual.widget import Widget
from textual.widgets import Static

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.layered_tree import TreeRow
from layerscope.model.entries import FileEntry, Kind
from layerscope.text import human_size, mode_text, plural, printable_name
from layerscope.tui.drawing.cells import cut_middle, one_line
from layerscope.tui.drawing.glyphs import glyphs_of
from layerscope.tui.tree.columns import owner_text, time_text
from layerscope.tui.tree.view import Scope
from layerscope.tui.tree.visible_rows import VisibleRows

_MOST_LINES = 6
"""The most lines of an instruction in a pane that is mostly blank."""
_OTHER_LINES = 3
"""The lines of a path and of facts about it."""
_PATH_LINES = 4
"""The most lines of a path: a name of 255 plain characters fits into 80 columns."""
_LONGEST_WORD = 20
"""The cells of a word that moves to the next line."""


class RowNotes(NamedTuple):
    """The facts about a row beside its entry: a note, the layer that wrote it and its instruction, its package."""

    note: str = ""
    writer: int = 0
    instruction: str = ""
    package: str = ""


class EntryDetails(Static):
    """Lines below the tree: the path, facts, and who wrote it; ``origin`` returns what is known about that."""

    DEFAULT_CSS = """
    EntryDetails { height: auto; min-height: 3; max-height: 9; padding: 0 1; color: $foreground 80%; }
    """

    def __init__(self, origin: Callable[[TreeRow], RowNotes] = lambda _: RowNotes()) -> None:
        super().__init__("", markup=False)
        self._origin = origin
        self._text = Text()
        self._shown: tuple[VisibleRows, TreeRow] | None = None

    def show(self, rows: VisibleRows, row: TreeRow) -> None:
        self._shown = rows, row
        self._put(self.details(rows, row))

    def details(self, rows: VisibleRows, row: TreeRow) -> Text:
        entry, origin = row.entry, self._origin(row)
        parts = [mode_text(entry.kind.letter, entry.mode), owner_text(entry)]
        if entry.row is not None:
            parts.append(f"{time_text(entry.mtime)} UTC")
        parts += [self._size_text(rows, row), origin.note]
        parts += [f"xattrs {', '.join(printable_name(name) for name, _ in entry.xattrs)}"] if entry.xattrs else []
        text = self.path_text(f"/{printable_name(entry.path)}{self._target(entry)}").append("\n")
        text.append(self.facts(parts), style="not bold")
        return text.append(f"\n{self._writer(row, origin, self._most_lines(rows))}", style="not bold")

    def path_text(self, path: str) -> Text:
        """Return a path, cut in its middle if it would leave no lines for facts."""
        room = _PATH_LINES * self.content_size.width
        # before the first layout, the width is not known
        return Text(cut_middle(path, room, glyphs_of(self)) if room else path, style="bold", overflow="fold")

    def _most_lines(self, rows: VisibleRows) -> int:
        """Return the most lines of an instruction: the details may take half of a pane that is mostly blank."""
        height = self.parent.size.height if isinstance(self.parent, Widget) else 0
        return max(1, min(_MOST_LINES, height // 2 - _OTHER_LINES)) if 2 * len(rows) < height else 1

    def _writer(self, row: TreeRow, origin: RowNotes, lines: int) -> str:
        """Return who wrote the entry, in at most ``lines`` lines: the instruction is cut before the package."""
        glyphs = glyphs_of(self)
        package = f" {glyphs.separator} {origin.package}" if origin.package else ""
        story = self._story(row, origin.writer or row.entry.layer)
        if not origin.instruction:
            return story + package
        room = self.content_size.width - cell_len(story) - cell_len(package) - len(": ")
        # A line that is wrapped between words has blank cells at its end.
        room += (lines - 1) * (self.content_size.width - _LONGEST_WORD)
        return f"{story}: {one_line(origin.instruction, max(0, room), glyphs)}{package}"

    def facts(self, parts: Iterable[str], lead: str = "") -> str:
        """Return facts beside each other after a ``lead``, in as many lines as they take: none is broken."""
        separator = f" {glyphs_of(self).separator} "
        first, *others = filter(None, parts)
        lines, width = [lead + first], self.content_size.width
        for part in others:
            longer = f"{lines[-1]}{separator}{part}"
            # before the first layout, the width is not known
            if not width or cell_len(longer) <= width:
                lines[-1] = longer
            else:
                lines.append(" " * len(lead) + part)
        return "\n".join(lines)

    def say(self, text: str) -> None:
        self._shown = None
        self._put(Text(text, style="italic"))

    def _put(self, text: Text) -> None:
        """Show a text, in as many lines as it takes.

        The height is set because Textual may keep one: it computes none for a text that follows another one which has
        been measured, but not been laid out. The screen is laid out again only if the height changes.
        """
        self._text = text
        self.update(text, layout=False)
        if width := self.content_size.width:
            self.styles.height = len(text.wrap(self.app.console, width))

    def on_resize(self) -> None:
        self._put(self._text if self._shown is None else self.details(*self._shown))

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
            size, hidden = rows.size(row.node), rows.hidden_size(row.node)
            if not hidden:
                return f"{human_size(size)} {'written below it' if rows.view.scope is Scope.OWN else 'below it'}"
            written = f"{human_size(size)} written, " if size else ""
            return f"{written}{human_size(hidden)} hidden below it, frees nothing"
        if entry.device is not None:
            return f"device {entry.device[0]}, {entry.device[1]}"
        # the first line says what a hard link is
        return "" if entry.kind is Kind.HARDLINK else entry.kind.word

    def _story(self, row: TreeRow, writer: int) -> str:
        if row.entry.row is None:
            return "implied by the paths below it"
        if row.change is ChangeKind.REMOVED:
            return f"removed by this layer, written by layer {writer}"
        verb = row.change.word if row.change in (ChangeKind.ADDED, ChangeKind.MODIFIED) else "written"
        return f"{verb} by layer {writer}"
