"""The content of a file in its frame, and the line in which a search or a position to go to is typed."""

from collections.abc import Mapping
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.getters import query_one
from textual.widgets import Input
from textual.worker import get_current_worker

from layerscope.analysis.text.search import Found, Search, parse_search
from layerscope.errors import UsageError
from layerscope.session.files.text import FileText
from layerscope.tui.file.background import FileSearched, FrameChanged, find_all
from layerscope.tui.file.content import FileContent
from layerscope.tui.file.state import Goal, Hits, OpenFile
from layerscope.tui.keys.order import SaysWhyNot
from layerscope.tui.keys.table import INVISIBLES, Key, bindings
from layerscope.tui.services import warn
from layerscope.tui.widgets.framed import FramedPane
from layerscope.tui.widgets.prompt_line import PromptLine
from layerscope.tui.widgets.row_view import RowView

_SEARCH_HINT = "text, re:regex, or bytes as 0x7f45"
_NEEDS_CONTENT = ("search", "go_to", "bytes", "view")


class FileBody(FramedPane, SaysWhyNot):
    """The frame below the head of a file screen; it searches the content, and scrolls it to lines and offsets."""

    KEYS: ClassVar[tuple[Key, ...]] = (
        # The search and the goal open the prompt with priority, so that the keys that follow are typed into it.
        Key(
            "slash",
            "search",
            "search",
            "Search: text, re: for a regular expression, 0x for bytes",
            id="file.search",
            rank=10,
            priority=True,
        ),
        Key("n", "next_hit(1)", "match", "Go to the next match", id="file.next-match", rank=20, line="n N"),
        Key("N", "next_hit(-1)", "previous match", "Go to the previous match", id="file.previous-match"),
        Key(
            "g,colon",
            "go_to",
            "go to",
            "Go to a line, or in hex to an offset (0x for hexadecimal)",
            id="file.go-to",
            rank=100,
            priority=True,
        ),
        Key("1", "view(True)", "text/hex", "Show the text", id="file.view-1", rank=80, line="1 2"),
        Key("2", "view(False)", "hex", "Show the bytes in hex", id="file.view-2"),
        Key("b", "bytes", "other view", "Show the bytes in hex, or the text", id="file.bytes"),
        Key("W", "wrap", "wrap", "Wrap long lines, or scroll sideways", id="file.wrap", rank=90),
        INVISIBLES,
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(KEYS)
    why_not: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(_NEEDS_CONTENT, "There is no content."),
        "next_hit": "There is no search: / opens one.",
        "wrap": "Only a text has lines to wrap.",
        "invisibles": "Only a text has line ends and tabs.",
    }
    DEFAULT_CSS = """
    FileBody {
        height: 1fr;
        border: $frame $foreground 30%;
        border-title-style: bold;
        border-subtitle-color: $foreground 60%;
        &:focus-within { border: $frame $primary; }
    }
    """

    content = query_one(FileContent)
    prompt = query_one(PromptLine)

    def __init__(self) -> None:
        super().__init__()
        self._views_before = list[bool]()

    def compose(self) -> ComposeResult:
        yield FileContent()
        yield PromptLine()

    def show(self, file: OpenFile) -> None:
        self._leave()
        self.content.show(file)

    def say(self, sentence: str) -> None:
        self._leave()
        self.content.say(sentence)

    def _leave(self) -> None:
        self._views_before.clear()
        self.workers.cancel_node(self)
        self.prompt.close()

    @on(RowView.Scrolled)
    @on(FrameChanged)
    def _show_frame(self) -> None:
        title, subtitle = self.content.titles()
        self.write_title(title)
        self.write_subtitle(subtitle)

    @property
    def is_searching(self) -> bool:
        """True while matches are shown."""
        return self._file is not None and self._file.hits is not None

    @property
    def _file(self) -> OpenFile | None:
        return self.content.file

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's
        match action:
            case "next_hit":
                return self.is_searching
            case "wrap" | "invisibles":
                return self.content.is_text
        return action not in _NEEDS_CONTENT or self._file is not None

    def action_wrap(self) -> None:
        """Wrap long lines, or scroll sideways; without a long line on the screen, say what was switched."""
        text = self.content.text_view
        before = text.has_long_rows or text.left
        text.toggle_wrap()
        if not before:
            warn(
                self,
                f"Long lines {'are wrapped' if text.wrap else 'scroll sideways'} now: there is none on the screen.",
            )

    def action_invisibles(self) -> None:
        """Show or hide spaces, tabs and line ends."""
        self.content.text_view.toggle_invisibles()

    def action_bytes(self) -> None:
        """Show the bytes, or the text; matches in one are not matches in the other."""
        if self._file is not None and not self._file.pages.is_readable:
            warn(self, "A sparse file of this size is only shown as bytes.")
            return
        self.end_search()
        self.content.toggle_bytes()

    def action_view(self, is_text: bool) -> None:  # Textual passes it by position
        """Show the text, or the bytes; the way back leads to the other view."""
        before = self.content.is_text
        if is_text is not before:
            self.action_bytes()
        if self.content.is_text is not before:
            self._views_before.append(before)

    def go_back(self) -> bool:
        """Return to the view before; return False if there is none."""
        if not self._views_before:
            return False
        if self._views_before.pop() is not self.content.is_text:
            self.action_bytes()
        return True

    def end_search(self) -> bool:
        """End the search; return False if there is none."""
        if self._file is None or self._file.hits is None:
            return False
        self.workers.cancel_group(self, "search")
        self._file.hits = None
        self.content.highlight()
        self._show_frame()
        self.refresh_bindings()
        return True

    def action_search(self) -> None:
        if self._file is not None and not self._file.pages.is_readable:
            warn(self, "A sparse file of this size cannot be searched.")
            return
        self.prompt.ask("search", _SEARCH_HINT)
        self.refresh_bindings()

    def action_go_to(self) -> None:
        self.prompt.ask("go", "line" if self.content.is_text else "offset, 0x for a hexadecimal one")
        self.refresh_bindings()

    def _close_prompt(self) -> None:
        self.prompt.close()
        if self.content.view is not None:
            # without a message in between: the next key may already be in the queue
            self.screen.set_focus(self.content.view)
        self.refresh_bindings()

    @on(Input.Changed)
    def _on_typed(self, message: Input.Changed) -> None:
        message.stop()
        if self.prompt.purpose == "search":
            try:
                self.content.highlight(parse_search(message.value))
            except UsageError:
                # the expression is still being typed
                self.content.highlight()

    @on(PromptLine.Answered)
    def _on_answered(self, message: PromptLine.Answered) -> None:
        self._close_prompt()
        try:
            if message.value is None:
                self.content.highlight()
            elif message.purpose == "search":
                self._search_for(parse_search(message.value))
            else:
                self._go_to(message.value.strip())
        except UsageError as error:
            warn(self, f"{error}.")

    def _search_for(self, search: Search | None) -> None:
        if self._file is None:
            return
        self._file.hits = hits = Hits(search) if search else None
        self.content.highlight()
        self._show_frame()
        self.refresh_bindings()
        if hits is not None:
            self._find(self._file, hits, self._file.text if self.content.is_text else None)

    @work(thread=True, exclusive=True, exit_on_error=False, group="search")
    def _find(self, file: OpenFile, hits: Hits, text: FileText | None) -> None:
        worker = get_current_worker()
        try:
            for found, is_due in find_all(hits.search, file.pages, text.index.encoding if text else None):
                if worker.is_cancelled:
                    return
                if is_due:
                    self.post_message(FileSearched(file, hits, found))
        except UsageError as error:
            hits.problem = f"{error}."
            self.post_message(FileSearched(file, hits, Found((), file.pages.size)))

    @on(FileSearched)
    def _on_searched(self, message: FileSearched) -> None:
        file, hits = message.file, message.hits
        is_wanted = file is self._file and file.hits is hits and not hits.complete
        if not is_wanted:
            return
        hits.take(message.found, file.pages.size)
        if hits.is_full:
            self.workers.cancel_group(self, "search")
        self._settle(hits)
        if hits.complete and (hits.problem or not hits.offsets):
            warn(self, hits.problem or "There is no match.")
        self._show_frame()

    def action_next_hit(self, step: int) -> None:
        if self._file is not None and self._file.hits is not None:
            self._file.hits.wanted += step
            self._settle(self._file.hits)

    def _settle(self, hits: Hits) -> None:
        if hits.settle(self.content.top_offset() - 1):
            self.content.reach(Goal(offset=hits.chosen))

    def _go_to(self, text: str) -> None:
        if not text:
            return
        try:
            number = int(text.replace(",", ""), 0)
        except ValueError:
            raise UsageError(f"{text!r} is not a number") from None
        if number < 0:
            raise UsageError("a line or an offset cannot be negative")
        self.content.reach(Goal(line=max(0, number - 1)) if self.content.is_text else Goal(offset=number))
