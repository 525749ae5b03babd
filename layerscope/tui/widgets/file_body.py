"""The content of a file, as text or as bytes: reads what is shown, searches, and goes to places."""

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.getters import query_one
from textual.message import Message
from textual.widgets import Input, Static
from textual.worker import get_current_worker

from layerscope.analysis.text_encoding import TextEncoding
from layerscope.analysis.text_search import Found, Search, parse_search
from layerscope.errors import FormatError, UsageError
from layerscope.session.file_pages import PAGE_SIZE
from layerscope.session.file_text import FileText
from layerscope.text import printable_line
from layerscope.tui.file_facts import position_words, text_words
from layerscope.tui.file_state import Goal, Hits, OpenFile
from layerscope.tui.file_work import Looks, count_rows, find_all, look_at, tones_in
from layerscope.tui.glyphs import Glyphs
from layerscope.tui.widgets.hex_view import ROW, HexView
from layerscope.tui.widgets.prompt_line import PromptLine
from layerscope.tui.widgets.row_view import RowView
from layerscope.tui.widgets.text_view import TextView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pygments.lexer import Lexer

    from layerscope.tui.syntax import ToneSpan

_SEARCH_HINT = "text, re:regex, or bytes as 0x7f45"


def _key(keys: str, action: str, description: str, tooltip: str, *, priority: bool = False) -> Binding:
    return Binding(keys, action, description, tooltip=tooltip, id=f"file.{description}", priority=priority, show=False)


class FileBody(Vertical):
    """A frame with a text, or bytes, or a sentence in it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # with priority, else keys that follow at once would not find the prompt open
        _key("slash", "search", "search", "Search: text, re: for a regular expression, 0x for bytes", priority=True),
        _key("n", "next_hit(1)", "next", "Go to the next match"),
        _key("N", "next_hit(-1)", "previous", "Go to the match before"),
        _key("g,colon", "go_to", "go to", "Go to a line; in hex to an offset, 0x for a hexadecimal one"),
        _key("w", "wrap", "wrap", "Wrap long lines, or scroll sideways"),
        _key("i", "invisibles", "invisibles", "Show spaces, tabs and the ends of lines"),
        _key("b", "bytes", "bytes", "Show the bytes in hex, or the text"),
    ]
    DEFAULT_CSS = """
    FileBody {
        height: 1fr;
        border: round $foreground 30%;
        border-title-style: bold;
        border-subtitle-color: $foreground 60%;
        #sentence { height: auto; padding: 0 1; text-style: italic; }
        &:focus-within { border: round $primary; }
        &.-ascii, &.-ascii:focus-within { border: ascii $primary; }
    }
    """

    class Changed(Message):
        """Other keys work than before."""

    class Named(Message):
        """The description of a file is known."""

        def __init__(self, file: OpenFile, looks: Looks) -> None:
            super().__init__()
            self.file = file
            self.looks = looks

    class Worked(Message):
        """Something more is known of a file."""

        def __init__(self, file: OpenFile) -> None:
            super().__init__()
            self.file = file

    class Counted(Worked):
        """More of its rows are known, or all that can be."""

    class Loaded(Worked):
        """Bytes that were missing are there, or cannot be read."""

    class Toned(Worked):
        """A window of its rows has colours."""

        def __init__(self, file: OpenFile, window: int, tones: "Sequence[Sequence[ToneSpan]]") -> None:
            super().__init__(file)
            self.window = window
            self.tones = tones

    class Searched(Worked):
        """A part of it was looked through."""

        def __init__(self, file: OpenFile, hits: Hits, found: Found) -> None:
            super().__init__(file)
            self.hits = hits
            self.found = found

    text_view = query_one(TextView)
    hex_view = query_one(HexView)
    prompt = query_one(PromptLine)

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
        yield PromptLine()

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
        self.prompt.close()
        self.text_view.highlight(None)
        self.hex_view.highlight(None)

    def _show_view(self, view: RowView | None) -> None:
        self.query_one("#sentence").display = view is None
        self.text_view.display = view is self.text_view
        self.hex_view.display = view is self.hex_view
        if view is not None:
            view.focus()
        self._show_frame()
        self.post_message(self.Changed())

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

    @property
    def is_asking(self) -> bool:
        """Whether something is being typed."""
        return self.prompt.display

    @property
    def is_searching(self) -> bool:
        """Whether matches are shown."""
        return self._file is not None and self._file.hits is not None

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
        self.post_message(self.Named(file, look_at(file)))

    @on(Named)
    def _on_named(self, message: Named) -> None:
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
                self.post_message(self.Counted(file))
        self.post_message(self.Counted(file))
        self._go_through(file)

    @work(thread=True, exclusive=True, exit_on_error=False, group="prepare")
    def _prepare(self, file: OpenFile) -> None:
        self._go_through(file)

    def _go_through(self, file: OpenFile) -> None:
        """Make any other place of the layer quick to read."""
        worker = get_current_worker()
        try:
            for _ in file.pages.prepare():
                if worker.is_cancelled:
                    return
        except FormatError:
            return

    @on(Counted)
    def _on_counted(self, message: Counted) -> None:
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
        if self._file is not None and self._file.pages.problem is None:
            self._load(self._file, message.offset)

    @work(thread=True, exclusive=True, exit_on_error=False, group="load")
    def _load(self, file: OpenFile, offset: int) -> None:
        start = max(0, offset - PAGE_SIZE)
        try:
            file.pages.read(start, offset - start + 2 * PAGE_SIZE)
        except FormatError:
            # the pages remember why
            self.post_message(self.Loaded(file))
        else:
            self.post_message(self.Loaded(file))

    @on(Loaded)
    def _on_loaded(self, message: Loaded) -> None:
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
        self.post_message(self.Toned(file, window, tones_in(lexer, text, window)))

    @on(Toned)
    def _on_toned(self, message: Toned) -> None:
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
        match action:
            case "search" | "go_to":
                return self._file is not None and not self.is_asking
            case "next_hit":
                return self.is_searching
            case "wrap" | "invisibles":
                return self.is_text
            case "bytes":
                return self._file is not None
        return True

    def close_something(self) -> bool:
        """Close the prompt, or end the search; False where neither is there."""
        if self.is_asking:
            self._close_prompt()
            self._highlight()
            return True
        if self._file is None or self._file.hits is None:
            return False
        self.workers.cancel_group(self, "search")
        self._file.hits = None
        self._highlight()
        self._show_frame()
        self.post_message(self.Changed())
        return True

    def action_search(self) -> None:
        """Ask what to look for."""
        self.prompt.ask("search", _SEARCH_HINT)
        self.post_message(self.Changed())

    def action_go_to(self) -> None:
        """Ask where to go."""
        self.prompt.ask("go", "line" if self.is_text else "offset, 0x for a hexadecimal one")
        self.post_message(self.Changed())

    def _close_prompt(self) -> None:
        self.prompt.close()
        if self._view is not None:
            self._view.focus()
        self.post_message(self.Changed())

    @on(Input.Changed)
    def _on_typed(self, message: Input.Changed) -> None:
        message.stop()
        if self.prompt.asks == "search":
            try:
                self._highlight(parse_search(message.value))
            except UsageError:
                # it is still being typed
                self._highlight()

    @on(Input.Submitted)
    def _on_answered(self, message: Input.Submitted) -> None:
        message.stop()
        asked = self.prompt.asks
        self._close_prompt()
        try:
            if asked == "search":
                self._search_for(parse_search(message.value))
            else:
                self._go_to(message.value.strip())
        except UsageError as error:
            self._complain(f"{error}.")

    def _complain(self, sentence: str) -> None:
        self.notify(printable_line(sentence), severity="warning", markup=False, timeout=5)

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

    def _search_for(self, search: Search | None) -> None:
        if self._file is None:
            return
        self._file.hits = hits = Hits(search, wanted=1) if search else None
        self._highlight()
        self._show_frame()
        self.post_message(self.Changed())
        if hits is not None:
            self._find(self._file, hits, self._file.text if self.is_text else None)

    @work(thread=True, exclusive=True, exit_on_error=False, group="search")
    def _find(self, file: OpenFile, hits: Hits, text: FileText | None) -> None:
        worker = get_current_worker()
        for found, is_due in find_all(hits.search, file.pages, text.index.encoding if text else None):
            if worker.is_cancelled:
                return
            if is_due:
                self.post_message(self.Searched(file, hits, found))

    @on(Searched)
    def _on_searched(self, message: Searched) -> None:
        file, hits = message.file, message.hits
        if file is not self._file or file.hits is not hits:
            return
        hits.take(message.found, file.pages.size)
        if hits.is_full:
            self.workers.cancel_group(self, "search")
        if hits.wanted:
            self._step(hits, hits.wanted)
        self._show_frame()

    def action_next_hit(self, step: int) -> None:
        """Go to another match."""
        if self._file is not None and self._file.hits is not None:
            self._step(self._file.hits, step)

    def _step(self, hits: Hits, step: int) -> None:
        at = hits.chosen if hits.chosen is not None else self._top_offset() - 1
        found = hits.after(at, step)
        if found is None:
            found = hits.around(step)
        hits.wanted = step if found is None and not hits.complete else 0
        if found is not None:
            hits.chosen = found
            self._reach(Goal(offset=found))
        elif hits.complete:
            self._complain("There is no match.")

    def _top_offset(self) -> int:
        """Return the offset of the first byte that is seen."""
        if self._view is self.hex_view:
            return self.hex_view.top * ROW
        text = self._file.text if self._file else None
        row = text.row(self.text_view.top) if text is not None and text.index.rows else None
        return row.offset if row is not None else 0

    def _go_to(self, text: str) -> None:
        if not text:
            return
        try:
            number = int(text.replace(",", ""), 0)
        except ValueError:
            raise UsageError(f"{text!r} is no number") from None
        if number < 0:
            raise UsageError("there is nothing before the start")
        self._reach(Goal(line=max(0, number - 1)) if self.is_text else Goal(offset=number))

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
            self.close_something()
            self._wants_text = not self.is_text
            self._show_content(self._file)
