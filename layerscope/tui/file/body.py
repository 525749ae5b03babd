"""What is done in the content of a file: one searches, and goes to lines and offsets."""

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.getters import query_one
from textual.widgets import Input
from textual.worker import get_current_worker

from layerscope.analysis.text.search import Found, Search, parse_search
from layerscope.errors import UsageError
from layerscope.session.files.text import FileText
from layerscope.text import printable_line
from layerscope.tui.file.content import FileContent
from layerscope.tui.file.messages import FileKeysChanged, FileSearched
from layerscope.tui.file.state import Goal, Hits, OpenFile
from layerscope.tui.file.work import find_all
from layerscope.tui.widgets.prompt_line import PromptLine

_SEARCH_HINT = "text, re:regex, or bytes as 0x7f45"


def _key(keys: str, action: str, description: str, tooltip: str, *, priority: bool = False) -> Binding:
    return Binding(keys, action, description, tooltip=tooltip, id=f"file.{description}", priority=priority, show=False)


class FileBody(FileContent):
    """The content, and a line to type in below it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # with priority, else keys that follow at once would not find the prompt open
        _key("slash", "search", "search", "Search: text, re: for a regular expression, 0x for bytes", priority=True),
        _key("n", "next_hit(1)", "next", "Go to the next match"),
        _key("N", "next_hit(-1)", "previous", "Go to the match before"),
        _key("g,colon", "go_to", "go to", "Go to a line; in hex to an offset, 0x for a hexadecimal one", priority=True),
    ]

    prompt = query_one(PromptLine)

    def compose(self) -> ComposeResult:
        """Lay out the widgets."""
        yield from super().compose()
        yield PromptLine()

    def _forget(self, file: OpenFile | None) -> None:
        super()._forget(file)
        self.prompt.close()

    @property
    def is_asking(self) -> bool:
        """Whether something is being typed."""
        return self.prompt.display

    @property
    def is_searching(self) -> bool:
        """Whether matches are shown."""
        return self._file is not None and self._file.hits is not None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Tell which keys work now."""
        if action in ("search", "go_to"):
            return self._file is not None and not self.is_asking
        if action == "next_hit":
            return self.is_searching
        return super().check_action(action, parameters)

    def action_bytes(self) -> None:
        """Show the bytes, or the text; what was found in the one is not in the other."""
        self.end_search()
        super().action_bytes()

    def end_search(self) -> bool:
        """End the search; False where there is none."""
        if self._file is None or self._file.hits is None:
            return False
        self.workers.cancel_group(self, "search")
        self._file.hits = None
        self._highlight()
        self._show_frame()
        self.post_message(FileKeysChanged())
        return True

    def action_search(self) -> None:
        """Ask what to look for."""
        self.prompt.ask("search", _SEARCH_HINT)
        self.post_message(FileKeysChanged())

    def action_go_to(self) -> None:
        """Ask where to go."""
        self.prompt.ask("go", "line" if self.is_text else "offset, 0x for a hexadecimal one")
        self.post_message(FileKeysChanged())

    def _close_prompt(self) -> None:
        self.prompt.close()
        if self._view is not None:
            # at once: the next key may be there already
            self.screen.set_focus(self._view)
        self.post_message(FileKeysChanged())

    @on(Input.Changed)
    def _on_typed(self, message: Input.Changed) -> None:
        message.stop()
        if self.prompt.asks == "search":
            try:
                self._highlight(parse_search(message.value))
            except UsageError:
                # it is still being typed
                self._highlight()

    @on(PromptLine.Answered)
    def _on_answered(self, message: PromptLine.Answered) -> None:
        self._close_prompt()
        try:
            if message.value is None:
                self._highlight()
            elif message.asked == "search":
                self._search_for(parse_search(message.value))
            else:
                self._go_to(message.value.strip())
        except UsageError as error:
            self._complain(f"{error}.")

    def _complain(self, sentence: str) -> None:
        self.notify(printable_line(sentence), severity="warning", markup=False, timeout=5)

    def _search_for(self, search: Search | None) -> None:
        if self._file is None:
            return
        self._file.hits = hits = Hits(search) if search else None
        self._highlight()
        self._show_frame()
        self.post_message(FileKeysChanged())
        if hits is not None:
            self._find(self._file, hits, self._file.text if self.is_text else None)

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
            self._complain(hits.problem or "There is no match.")
        self._show_frame()

    def action_next_hit(self, step: int) -> None:
        """Go to another match."""
        if self._file is not None and self._file.hits is not None:
            self._file.hits.wanted += step
            self._settle(self._file.hits)

    def _settle(self, hits: Hits) -> None:
        if hits.settle(self._top_offset() - 1):
            self._reach(Goal(offset=hits.chosen))

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
