"""Two versions of a file, of one image or of two, and what differs between them."""

from collections.abc import Iterable
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.getters import query_one
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import get_current_worker

from layerscope.analysis.text.search import Search, parse_search
from layerscope.comparison.file_difference import FileDifference, compare_sides, open_side
from layerscope.errors import FormatError, UsageError
from layerscope.session.files.revision import FileRevision
from layerscope.text import copied_path, plural, printable_line
from layerscope.tui.dialogs.help import HelpScreen
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.file.messages import FilesCompared, SidesHashed, SidesToned
from layerscope.tui.file.work import digest_of, tones_of_side
from layerscope.tui.file_diff.binary_view import BinaryDiff
from layerscope.tui.file_diff.facts import diff_head, text_notes
from layerscope.tui.file_diff.text_view import TextDiffView
from layerscope.tui.keys.order import OpensLater
from layerscope.tui.keys.table import KeyGroup
from layerscope.tui.widgets.key_line import KeyLine
from layerscope.tui.widgets.prompt_line import PromptLine
from layerscope.tui.widgets.row_view import RowView

SIDE_BY_SIDE = 140
"""Cells from which on both sides stand beside each other."""

_KEYS_IN_LINE = (
    ("help", "question_mark", "?", "help"),
    ("change", "n", "n N", "change"),
    ("search", "slash", "/", "search"),
    ("columns", "v", "v", "columns"),
    ("folds", "c", "c", "changes only"),
    ("view", "f", "f", "file"),
    ("back", "escape", "esc", "back"),
    ("quit", "q", "q", "quit"),
    ("invisibles", "i", "i", "invisibles"),
    ("copy_path", "y", "y", "path"),
)
_KEYS_IN_PROMPT = (("enter", "enter", "go"), ("escape", "esc", "cancel"))
_NEEDS_TEXT = ("change", "columns", "folds", "invisibles", "search")


def _key(keys: str, action: str, description: str, tooltip: str, shown: str | None = None) -> Binding:
    return Binding(keys, action, description, key_display=shown, tooltip=tooltip, id=f"diff.{description}")


Key = tuple[str, str, str]


class FileDiffScreen(Screen[None], OpensLater):
    """The versions may belong to two images; one of them may be missing: the other was added, or removed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        _key("question_mark", "help", "help", "Show all keys", "?"),
        _key("n,right_square_bracket", "change(1)", "next", "Go to the next change, or, in a search, match"),
        _key("N,left_square_bracket", "change(-1)", "previous", "Go to the change before, or match"),
        _key("slash", "search", "search", "Search: text, or re: for a regular expression", "/"),
        _key("v", "columns", "columns", "Show both sides beside each other, or in one column"),
        _key("c", "folds", "folds", "Show changes only, or the unchanged lines as well"),
        _key("i", "invisibles", "invisibles", "Show spaces, tabs and the ends of lines"),
        _key("f", "view", "file", "Open the file as it is after, or as it was before it was removed"),
        _key("y", "copy_path", "copy path", "Copy the path to the clipboard"),
        _key("escape", "back", "back", "End the search, or go back", "esc"),
        _key("q", "app.quit", "quit", "Quit"),
    ]
    DEFAULT_CSS = """
    FileDiffScreen {
        background: $background;
        #head { height: auto; max-height: 9; padding: 0 1; background: $panel; }
        #frame { height: 1fr; border: round $foreground 30%; }
        #frame { border-title-style: bold; border-subtitle-color: $foreground 60%; }
        #frame:focus-within { border: round $primary; }
        #sentence { height: auto; padding: 0 1; text-style: italic; }
        &.-ascii #frame, &.-ascii #frame:focus-within { border: ascii $primary; }
    }
    """

    view = query_one(TextDiffView)
    binary = query_one(BinaryDiff)
    prompt = query_one(PromptLine)
    key_line = query_one(KeyLine)

    def __init__(self, before: FileRevision | None, after: FileRevision | None, glyphs: Glyphs) -> None:
        super().__init__(classes="" if glyphs.has_unicode else "-ascii")
        self._before = before
        self._after = after
        self._glyphs = glyphs
        self._found: FileDifference | None = None
        self._has_chosen_columns = False
        self._is_searching = False

    def compose(self) -> ComposeResult:
        """Lay out the widgets."""
        yield Static("", id="head", markup=False)
        with Vertical(id="frame"):
            yield Static("", id="sentence", markup=False)
            yield TextDiffView(self._glyphs)
            yield BinaryDiff(self._glyphs)
            yield PromptLine()
        yield KeyLine()

    def on_mount(self) -> None:
        """Compare."""
        self.query_one("#head", Static).update(diff_head(self._before, self._after, self._glyphs))
        self._say("comparing" + self._glyphs.ellipsis)
        self._compare()

    def on_resize(self) -> None:
        """Show both sides beside each other where there is room, unless the user chose."""
        if not self._has_chosen_columns:
            self.view.set_columns(in_one_column=self.size.width < SIDE_BY_SIDE)

    def _say(self, sentence: str) -> None:
        self.query_one("#sentence", Static).update(Text(printable_line(sentence)))
        self._show_only("#sentence")

    def _show_only(self, selector: str) -> None:
        for each in ("#sentence", "TextDiffView", "BinaryDiff"):
            self.query_one(each).display = each == selector
        self._show_keys()

    @work(thread=True, exclusive=True, exit_on_error=False, group="compare")
    def _compare(self) -> None:
        worker = get_current_worker()
        try:
            before, after = open_side(self._before), open_side(self._after)
            found = compare_sides(before, after, lambda: worker.is_cancelled)
        except FormatError as error:
            self.post_message(FilesCompared(None, str(error)))
            return
        self.post_message(FilesCompared(found))
        if found.text is None:
            sides = (digest_of(side, lambda: worker.is_cancelled) for side in (before, after))
            self.post_message(SidesHashed(*sides))
        else:
            old, new = (
                tones_of_side(side, lines) for side, lines in ((before, found.text.old), (after, found.text.new))
            )
            self.post_message(SidesToned(old, new))

    @on(FilesCompared)
    def _on_compared(self, message: FilesCompared) -> None:
        self.call_after_refresh(self.become_ready)
        found = self._found = message.found
        if found is None:
            self._say(f"These files cannot be compared: {message.error}.")
        elif found.text is not None and not found.text.is_equal:
            self.view.show(found.text)
            self._show_only("TextDiffView")
            self.set_focus(self.view)
        elif not any(side is not None and side.pages is not None for side in (found.before, found.after)):
            self._say("Neither holds any bytes: what differs is told above.")
        elif found.text is not None:
            self._say("Both hold the same text.")
        else:
            self.binary.show(found)
            self._show_only("BinaryDiff")
            self.set_focus(self.binary)
        self._show_frame()

    @on(SidesToned)
    def _on_toned(self, message: SidesToned) -> None:
        self.view.take_tones(message.old, message.new)

    @on(SidesHashed)
    def _on_hashed(self, message: SidesHashed) -> None:
        self.binary.take_digests(message.before, message.after)

    @property
    def _is_text(self) -> bool:
        return bool(self.view.display)

    @on(RowView.Scrolled)
    def _show_frame(self) -> None:
        frame, found = self.query_one("#frame"), self._found
        separator = f" {self._glyphs.separator} "
        if found is None or found.text is None or not self._is_text:
            frame.border_title = "Bytes" if self.binary.display else ""
            frame.border_subtitle = ""
            return
        removed, added = found.text.counts
        notes = text_notes(found.text, found.before, found.after)
        frame.border_title = separator.join([f"+{added:,} -{removed:,} lines", *notes])
        number, count = self.view.changes
        words = [f"change {number:,} of {count:,}"]
        if self._is_searching:
            number, count = self.view.hits
            words.insert(0, f"line {number:,} of {plural(count, 'line')} with a match")
        frame.border_subtitle = separator.join(words)

    def _show_keys(self) -> None:
        self.key_line.show(_KEYS_IN_PROMPT if self.prompt.display else list(self._active_keys()))

    def _active_keys(self) -> Iterable[Key]:
        for action, key, written, does in _KEYS_IN_LINE:
            if self.check_action(action, ()):
                yield key, written, does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's
        """Tell which keys work now."""
        return self._is_text if action in _NEEDS_TEXT else True

    def action_press(self, key: str) -> None:
        """Do what a key does, for the mouse."""
        self.app.simulate_key(key)

    def action_help(self) -> None:
        """Show all keys."""
        groups = (KeyGroup("The comparison", self.BINDINGS), KeyGroup("Moving", RowView.BINDINGS))
        self.app.push_screen(HelpScreen(self._glyphs, groups))

    def action_search(self) -> None:
        """Ask what to look for."""
        self.prompt.ask("search", "text, or re:regex")
        self._show_keys()

    @on(PromptLine.Answered)
    def _on_answered(self, message: PromptLine.Answered) -> None:
        self.set_focus(self.view)
        try:
            if message.value is not None:
                self._search_for(parse_search(message.value))
        except UsageError as error:
            self._complain(f"{error}.")
        self._show_keys()

    def _search_for(self, search: Search | None) -> None:
        self.view.search(search)
        self._is_searching = search is not None
        if self._is_searching:
            self.view.go_to_hit(1)
            if not self.view.hits[1]:
                self._complain("There is no match.")
        self._show_frame()

    def _complain(self, sentence: str) -> None:
        self.notify(printable_line(sentence), severity="warning", markup=False, timeout=5)

    def action_back(self) -> None:
        """End the search, or go back."""
        if self._is_searching:
            self._search_for(None)
        else:
            self.dismiss()

    def action_change(self, step: int) -> None:
        """Go to another change, or, in a search, to another match."""
        if self._is_searching:
            self.view.go_to_hit(step)
        elif not self.view.go_to_change(step):
            words = "This was the last change." if step > 0 else "This was the first change."
            self.notify(words, markup=False, timeout=3)

    def action_columns(self) -> None:
        """Show both sides beside each other, or in one column."""
        self._has_chosen_columns = True
        self.view.set_columns(in_one_column=not self.view.in_one_column)

    def action_folds(self) -> None:
        """Show changes only, or the unchanged lines as well."""
        self.view.toggle_folds()

    def action_invisibles(self) -> None:
        """Show spaces, tabs and the ends of lines, or hide them."""
        self.view.toggle_invisibles()

    @property
    def _version(self) -> FileRevision | None:
        """The version after, or, of a file that was removed, the one before."""
        return self._after or self._before

    def action_view(self) -> None:
        """Open the file."""
        if self._version is not None:
            from layerscope.tui.file.screen import FileScreen  # noqa: PLC0415  # when it is asked for

            version = self._version
            self.app.push_screen(FileScreen(version.opened, version.node, version.at, self._glyphs))

    def action_copy_path(self) -> None:
        """Copy the path."""
        version = self._version
        if version is not None:
            text = copied_path(version.path)
            self.app.copy_to_clipboard(text)
            self.notify(text, title="Copied", markup=False, timeout=3)
