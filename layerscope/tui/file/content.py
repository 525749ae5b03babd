"""The content of a file as text or bytes. Only what is shown is read; a goal is scrolled to once it is known."""

from contextlib import suppress
from typing import TYPE_CHECKING

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.getters import query_one
from textual.widgets import Static
from textual.worker import get_current_worker

from layerscope.analysis.text.encoding import TextEncoding
from layerscope.analysis.text.search import Search
from layerscope.errors import FormatError
from layerscope.session.files.pages import PAGE_SIZE
from layerscope.session.files.text import FileText
from layerscope.text import printable_line
from layerscope.tui.drawing.glyphs import glyphs_of
from layerscope.tui.file.background import (
    BytesLoaded,
    FileDescribed,
    FrameChanged,
    RowsCounted,
    RowsToned,
    count_rows,
    describe_file,
    tones_in,
)
from layerscope.tui.file.hex_view import ROW, HexView
from layerscope.tui.file.state import Goal, OpenFile, position_words, text_words
from layerscope.tui.file.text_view import TONED_ROWS, TextView
from layerscope.tui.widgets.row_view import RowView

if TYPE_CHECKING:
    from pygments.lexer import Lexer


class FileContent(Vertical):
    """A text, or bytes, or a sentence that says why there are none."""

    DEFAULT_CSS = """
    FileContent {
        height: 1fr;
        #sentence { height: auto; padding: 0 1; text-style: italic; }
    }
    """

    text_view = query_one(TextView)
    hex_view = query_one(HexView)

    def __init__(self) -> None:
        super().__init__()
        self.file: OpenFile | None = None
        self._lexer: Lexer | None = None
        self._wants_text: bool | None = None

    def compose(self) -> ComposeResult:
        yield Static("", id="sentence", markup=False)
        yield TextView()
        yield HexView()

    def show(self, file: OpenFile) -> None:
        """Show a file from its start."""
        self.forget(file)
        self._describe(file)
        self._show_content(file)

    def say(self, sentence: str) -> None:
        self.forget(None)
        self.query_one("#sentence", Static).update(Text(printable_line(sentence)))
        self._show_view(None)

    def forget(self, file: OpenFile | None) -> None:
        """Stop all work on the file that was shown, for another file or none."""
        self.workers.cancel_node(self)
        self.file, self._lexer = file, None
        self.text_view.highlight(None)
        self.hex_view.highlight(None)

    def _show_view(self, view: RowView | None) -> None:
        self.query_one("#sentence").display = view is None
        self.text_view.display = view is self.text_view
        self.hex_view.display = view is self.hex_view
        if view is not None:
            self.screen.set_focus(view)
        self.post_message(FrameChanged())
        self.refresh_bindings()

    @property
    def view(self) -> TextView | HexView | None:
        if self.file is None:
            return None
        return self.text_view if self.text_view.display else self.hex_view

    @property
    def is_text(self) -> bool:
        if self.file is None or not self.file.pages.is_readable:
            return False
        return self.file.encoding is not None if self._wants_text is None else self._wants_text

    def is_shorter_than(self, lines: int) -> bool:
        """Return whether the content takes fewer lines, as far as all of it is known."""
        if self.view is None or self.file is None:
            return False
        text = self.file.text
        is_counted = not self.is_text or (text is not None and text.index.is_finished)
        return is_counted and self.view.is_shorter_than(lines)

    def _show_content(self, file: OpenFile) -> None:
        if not self.is_text:
            self.hex_view.show(file.pages)
            self._show_view(self.hex_view)
            self._prepare(file)
            return
        if file.text is None or not file.text.index.is_finished:
            # the rows are counted from the start: a cancelled count cannot be resumed
            file.text = FileText(file.pages, file.encoding or TextEncoding.LATIN_1)
        self.text_view.show(file.text, colours=self._lexer is not None)
        self._show_view(self.text_view)
        if not file.text.index.is_finished:
            self._count(file, file.text)

    @work(thread=True, exit_on_error=False, group="describe")
    def _describe(self, file: OpenFile) -> None:
        self.post_message(FileDescribed(file, describe_file(file)))

    @on(FileDescribed)
    def _on_described(self, message: FileDescribed) -> None:
        if message.file is self.file:
            self._lexer = message.looks.lexer
            if self._lexer is not None:
                self.text_view.take_colours()

    @work(thread=True, exclusive=True, exit_on_error=False, group="count")
    def _count(self, file: OpenFile, text: FileText) -> None:
        worker = get_current_worker()
        for is_due in count_rows(text):
            if worker.is_cancelled:
                return
            if is_due:
                self.post_message(RowsCounted(file))
        self.post_message(RowsCounted(file))
        self._prepare_layer(file)

    @work(thread=True, exclusive=True, exit_on_error=False, group="prepare")
    def _prepare(self, file: OpenFile) -> None:
        self._prepare_layer(file)

    def _prepare_layer(self, file: OpenFile) -> None:
        """Decompress the rest of the layer once, so that any part of it is quick to read."""
        worker = get_current_worker()
        with suppress(FormatError):
            for _ in file.pages.prepare():
                if worker.is_cancelled:
                    return

    @on(RowsCounted)
    def _on_counted(self, message: RowsCounted) -> None:
        file = message.file
        if file is not self.file:
            return
        if file.text is not None and not file.text.index.rows and file.pages.problem:
            self.say(f"This file cannot be read: {file.pages.problem}.")
            return
        self.text_view.grow()
        self._try_goal()
        self.post_message(FrameChanged())

    @on(TextView.Missing)
    def _on_missing(self, message: TextView.Missing) -> None:
        if self.file is not None and self.file.pages.is_loadable(message.offset):
            self._load(self.file, message.offset)

    @work(thread=True, exclusive=True, exit_on_error=False, group="load")
    def _load(self, file: OpenFile, offset: int) -> None:
        start = max(0, offset - PAGE_SIZE)
        with suppress(FormatError):
            # the pages remember why
            file.pages.read(start, offset - start + 2 * PAGE_SIZE)
        self.post_message(BytesLoaded(file))

    @on(BytesLoaded)
    def _on_loaded(self, message: BytesLoaded) -> None:
        if message.file is self.file and self.view is not None:
            self.view.redraw()
            self._try_goal()
            self.post_message(FrameChanged())

    @on(TextView.TonesWanted)
    def _on_tones_wanted(self, message: TextView.TonesWanted) -> None:
        file = self.file
        if file is not None and file.text is not None and self._lexer is not None:
            self._tone(file, file.text, self._lexer, message.window)

    @work(thread=True, exit_on_error=False, group="tones")
    def _tone(self, file: OpenFile, text: FileText, lexer: "Lexer", window: int) -> None:
        is_far_off = abs(self.text_view.top // TONED_ROWS - window) > 1
        self.post_message(RowsToned(file, window, None if is_far_off else tones_in(lexer, text, window)))

    @on(RowsToned)
    def _on_toned(self, message: RowsToned) -> None:
        if message.file is self.file:
            self.text_view.take_tones(message.window, message.tones)

    def titles(self) -> tuple[str, str]:
        """Return the texts of the upper and the lower border."""
        file, view = self.file, self.view
        if file is None or view is None:
            return "", ""
        separator = f" {glyphs_of(self).separator} "
        title = separator.join(text_words(file) if self.is_text else ("Bytes",))
        return title, separator.join(position_words(file, view.seen_rows(), ROW, is_text=self.is_text))

    def highlight(self, typed: Search | None = None) -> None:
        """Mark the matches of a search that is being typed, or else those of the search that was submitted."""
        file = self.file
        if typed is not None or file is None or file.hits is None:
            self.text_view.highlight(typed)
            self.hex_view.highlight(typed)
            return
        chosen, row = file.hits.chosen, None
        if chosen is not None and file.text is not None and chosen < file.text.index.size:
            row = file.text.row_at(chosen)
        self.text_view.highlight(file.hits.search, None if row is None or chosen is None else (row, chosen))
        self.hex_view.highlight(file.hits.search, chosen)

    def top_offset(self) -> int:
        """Return the offset of the first byte that is visible."""
        if self.view is self.hex_view:
            return self.hex_view.top * ROW
        text = self.file.text if self.file else None
        row = text.row(self.text_view.top) if text is not None and text.index.rows else None
        return row.offset if row is not None else 0

    def reach(self, goal: Goal) -> None:
        """Go to a position now, or as soon as it is known."""
        if self.file is not None:
            self.file.goal = goal
            self._try_goal()
            self.post_message(FrameChanged())

    def _try_goal(self) -> None:
        file = self.file
        if file is None or file.goal is None:
            return
        if self.view is self.hex_view:
            self.hex_view.show_row((file.goal.offset or 0) // ROW)
            self.highlight()
            file.goal = None
        elif file.text is not None and self._is_reached(file, file.text, file.goal):
            file.goal = None

    def _is_reached(self, file: OpenFile, text: FileText, goal: Goal) -> bool:
        """Go to a goal if its row is known; return whether there is nothing left to wait for."""
        index, is_all = text.index, text.index.is_finished or file.pages.problem is not None
        if not index.rows:
            return is_all
        if goal.line is not None:
            if goal.line < index.lines or is_all:
                self.text_view.go_to(index.row_of(goal.line))
                return True
            return False
        if goal.offset is None or goal.offset >= index.size:
            return is_all
        row = text.row_at(goal.offset)
        if row is None:
            self._load(file, goal.offset)
            return is_all
        self.highlight()
        self.text_view.reveal(row, goal.offset)
        return True

    def toggle_bytes(self) -> None:
        """Show the bytes, or the text, at the same offset."""
        if self.file is not None:
            offset = self.top_offset()
            self._wants_text = not self.is_text
            self._show_content(self.file)
            if offset:
                self.reach(Goal(offset=offset))
