"""The content of a file, as text or as bytes: reads what is shown, and goes to places as soon as they are known."""

from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
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
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.file.facts import position_words, text_words
from layerscope.tui.file.hex_view import ROW, HexView
from layerscope.tui.file.messages import BytesLoaded, FileKeysChanged, FileNamed, RowsCounted, RowsToned
from layerscope.tui.file.state import Goal, OpenFile
from layerscope.tui.file.text_view import TONED_ROWS, TextView
from layerscope.tui.file.work import count_rows, look_at, tones_in
from layerscope.tui.widgets.row_view import RowView

if TYPE_CHECKING:
    from pygments.lexer import Lexer


def _key(keys: str, action: str, description: str, tooltip: str) -> Binding:
    return Binding(keys, action, description, tooltip=tooltip, id=f"file.{description}", show=False)


class FileContent(Vertical):
    """A frame with a text, or bytes, or a sentence in it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        _key("w", "wrap", "wrap", "Wrap long lines, or scroll sideways"),
        _key("i", "invisibles", "invisibles", "Show spaces, tabs and the ends of lines"),
        _key("b", "bytes", "bytes", "Show the bytes in hex, or the text"),
    ]
    DEFAULT_CSS = """
    FileContent {
        height: 1fr;
        border: round $foreground 30%;
        border-title-style: bold;
        border-subtitle-color: $foreground 60%;
        #sentence { height: auto; padding: 0 1; text-style: italic; }
        &:focus-within { border: round $primary; }
        &.-ascii, &.-ascii:focus-within { border: ascii $primary; }
    }
    """

    text_view = query_one(TextView)
    hex_view = query_one(HexView)

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own word
        super().__init__(id=id, classes="" if glyphs.has_unicode else "-ascii")
        self._glyphs = glyphs
        self._file: OpenFile | None = None
        self._lexer: Lexer | None = None
        self._wants_text: bool | None = None

    def compose(self) -> ComposeResult:
        """Lay out the widgets."""
        yield Static("", id="sentence", markup=False)
        yield TextView(self._glyphs)
        yield HexView()

    def show(self, file: OpenFile) -> None:
        """Show a file from its start."""
        self._forget(file)
        self._look_at(file)
        self._show_content(file)

    def say(self, sentence: str) -> None:
        """Show a sentence in place of a file."""
        self._forget(None)
        self.query_one("#sentence", Static).update(Text(printable_line(sentence)))
        self._show_view(None)

    def _forget(self, file: OpenFile | None) -> None:
        self.workers.cancel_node(self)
        self._file, self._lexer = file, None
        self.text_view.highlight(None)
        self.hex_view.highlight(None)

    def _show_view(self, view: RowView | None) -> None:
        self.query_one("#sentence").display = view is None
        self.text_view.display = view is self.text_view
        self.hex_view.display = view is self.hex_view
        if view is not None:
            self.screen.set_focus(view)
        self._show_frame()
        self.post_message(FileKeysChanged())

    @property
    def _view(self) -> TextView | HexView | None:
        """The view that is shown."""
        if self._file is None:
            return None
        return self.text_view if self.text_view.display else self.hex_view

    @property
    def is_text(self) -> bool:
        """Whether a text is shown."""
        if self._file is None:
            return False
        return self._file.encoding is not None if self._wants_text is None else self._wants_text

    def _show_content(self, file: OpenFile) -> None:
        if not self.is_text:
            self.hex_view.show(file.pages)
            self._show_view(self.hex_view)
            self._prepare(file)
            return
        if file.text is None or not file.text.index.is_finished:
            # to count is to start anew: what was cancelled cannot be gone on with
            file.text = FileText(file.pages, file.encoding or TextEncoding.LATIN_1)
        self.text_view.show(file.text, colours=self._lexer is not None)
        self._show_view(self.text_view)
        if not file.text.index.is_finished:
            self._count(file, file.text)

    @work(thread=True, exit_on_error=False, group="look")
    def _look_at(self, file: OpenFile) -> None:
        self.post_message(FileNamed(file, look_at(file)))

    @on(FileNamed)
    def _on_named(self, message: FileNamed) -> None:
        if message.file is self._file:
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
        self._go_through(file)

    @work(thread=True, exclusive=True, exit_on_error=False, group="prepare")
    def _prepare(self, file: OpenFile) -> None:
        self._go_through(file)

    def _go_through(self, file: OpenFile) -> None:
        """Make any other place of the layer quick to read."""
        worker = get_current_worker()
        with suppress(FormatError):
            for _ in file.pages.prepare():
                if worker.is_cancelled:
                    return

    @on(RowsCounted)
    def _on_counted(self, message: RowsCounted) -> None:
        file = message.file
        if file is not self._file:
            return
        if file.text is not None and not file.text.index.rows and file.pages.problem:
            self.say(f"This file cannot be read: {file.pages.problem}.")
            return
        self.text_view.grow()
        self._try_goal()
        self._show_frame()

    @on(TextView.Missing)
    def _on_missing(self, message: TextView.Missing) -> None:
        if self._file is not None and self._file.pages.is_loadable(message.offset):
            self._load(self._file, message.offset)

    @work(thread=True, exclusive=True, exit_on_error=False, group="load")
    def _load(self, file: OpenFile, offset: int) -> None:
        start = max(0, offset - PAGE_SIZE)
        with suppress(FormatError):
            # the pages remember why
            file.pages.read(start, offset - start + 2 * PAGE_SIZE)
        self.post_message(BytesLoaded(file))

    @on(BytesLoaded)
    def _on_loaded(self, message: BytesLoaded) -> None:
        if message.file is self._file and self._view is not None:
            self._view.redraw()
            self._try_goal()
            self._show_frame()

    @on(TextView.TonesWanted)
    def _on_tones_wanted(self, message: TextView.TonesWanted) -> None:
        file = self._file
        if file is not None and file.text is not None and self._lexer is not None:
            self._tone(file, file.text, self._lexer, message.window)

    @work(thread=True, exit_on_error=False, group="tones")
    def _tone(self, file: OpenFile, text: FileText, lexer: "Lexer", window: int) -> None:
        is_far_off = abs(self.text_view.top // TONED_ROWS - window) > 1
        self.post_message(RowsToned(file, window, None if is_far_off else tones_in(lexer, text, window)))

    @on(RowsToned)
    def _on_toned(self, message: RowsToned) -> None:
        if message.file is self._file:
            self.text_view.take_tones(message.window, message.tones)

    @on(RowView.Scrolled)
    def _show_frame(self) -> None:
        file, view = self._file, self._view
        separator = f" {self._glyphs.separator} "
        if file is None or view is None:
            self.border_title = self.border_subtitle = ""
            return
        words = text_words(file) if self.is_text else ("Bytes",)
        self.border_title = separator.join(words)
        self.border_subtitle = separator.join(position_words(file, view.seen_rows(), ROW, is_text=self.is_text))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's
        """Tell which keys work now."""
        if action in ("wrap", "invisibles"):
            return self.is_text
        return action != "bytes" or self._file is not None

    def _highlight(self, typed: Search | None = None) -> None:
        """Mark what is being typed, or else what was found."""
        file = self._file
        if typed is not None or file is None or file.hits is None:
            self.text_view.highlight(typed)
            self.hex_view.highlight(typed)
            return
        chosen, row = file.hits.chosen, None
        if chosen is not None and file.text is not None and chosen < file.text.index.size:
            row = file.text.row_at(chosen)
        self.text_view.highlight(file.hits.search, None if row is None or chosen is None else (row, chosen))
        self.hex_view.highlight(file.hits.search, chosen)

    def _top_offset(self) -> int:
        """Return the offset of the first byte that is seen."""
        if self._view is self.hex_view:
            return self.hex_view.top * ROW
        text = self._file.text if self._file else None
        row = text.row(self.text_view.top) if text is not None and text.index.rows else None
        return row.offset if row is not None else 0

    def _reach(self, goal: Goal) -> None:
        """Go to a place now, or once it is known."""
        if self._file is not None:
            self._file.goal = goal
            self._try_goal()
            self._show_frame()

    def _try_goal(self) -> None:
        file = self._file
        if file is None or file.goal is None:
            return
        if self._view is self.hex_view:
            self.hex_view.show_row((file.goal.offset or 0) // ROW)
            self._highlight()
            file.goal = None
        elif file.text is not None and self._is_reached(file, file.text, file.goal):
            file.goal = None

    def _is_reached(self, file: OpenFile, text: FileText, goal: Goal) -> bool:
        """Go to a goal if its row is known; tell whether there is nothing more to wait for."""
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
        self._highlight()
        self.text_view.reveal(row, goal.offset)
        return True

    def action_wrap(self) -> None:
        """Wrap long lines, or let them run out of the screen."""
        self.text_view.toggle_wrap()

    def action_invisibles(self) -> None:
        """Show spaces, tabs and the ends of lines, or hide them."""
        self.text_view.toggle_invisibles()

    def action_bytes(self) -> None:
        """Show the bytes, or the text."""
        if self._file is not None:
            offset = self._top_offset()
            self._wants_text = not self.is_text
            self._show_content(self._file)
            if offset:
                self._reach(Goal(offset=offset))
