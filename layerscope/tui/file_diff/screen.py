"""Two revisions of a file, from one image or from two, and their differences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.getters import query_one
from textual.message import Message
from textual.widgets import Static
from textual.worker import get_current_worker

from layerscope.analysis.text.search import Search, parse_search
from layerscope.comparison.file_difference import FileDifference, compare_sides, open_side
from layerscope.errors import FormatError, UsageError
from layerscope.session.files.revision import FileRevision
from layerscope.text import copied_path, plural, printable_line
from layerscope.tui.dialogs.help import HelpScreen
from layerscope.tui.drawing.glyphs import glyphs_of
from layerscope.tui.drawing.syntax import ToneSpan
from layerscope.tui.file.background import digest_of, tones_of_side
from layerscope.tui.file_diff.binary_view import BinaryDiff
from layerscope.tui.file_diff.head import diff_head, text_notes
from layerscope.tui.file_diff.text_view import TextDiffView
from layerscope.tui.file_screens import FileScreens
from layerscope.tui.keys.order import LeftOnce, OpensLater, SaysWhyNot
from layerscope.tui.keys.table import COPY_PATH, HELP, INVISIBLES, QUIT, Key, KeyGroup, bindings
from layerscope.tui.services import copy_text, warn
from layerscope.tui.widgets.framed import FramedPane
from layerscope.tui.widgets.key_line import KeyLine
from layerscope.tui.widgets.prompt_line import PromptLine
from layerscope.tui.widgets.row_view import RowView

FILE_DIFF_KEYS = (
    HELP,
    Key(
        "n",
        "change(1)",
        "change",
        "Go to the next change, or, in a search, match",
        id="diff.next",
        rank=10,
        line="n N",
    ),
    Key(
        "N",
        "change(-1)",
        "previous change",
        "Go to the previous change, or match",
        id="diff.previous",
    ),
    Key("slash", "search", "search", "Search: text, or re: for a regular expression", id="diff.search", rank=20),
    Key("v", "columns", "columns", "Show both versions side by side, or in one column", id="diff.columns", rank=30),
    Key("c", "folds", "changes only", "Show only changes, or the unchanged lines as well", id="diff.folds", rank=40),
    Key(
        "enter", "view", "file", "Open the new version, or the old one if the file was removed", id="diff.file", rank=50
    ),
    Key("escape", "back", "back", "End the search, or go back", id="diff.back", rank=60),
    QUIT.at(70),
    INVISIBLES.at(80),
    COPY_PATH.at(90),
)
FILE_DIFF_TABLE = (
    KeyGroup("The comparison", FILE_DIFF_KEYS),
    KeyGroup("In a text", RowView.KEYS),
    KeyGroup("In binary files", BinaryDiff.KEYS),
    KeyGroup("In the prompt", PromptLine.KEYS),
)


SIDE_BY_SIDE = 140
"""The least width in cells at which the revisions are shown side by side."""

_BORDERS = 2
"""The cells of the border of the frame."""

_NEEDS_TEXT = ("change", "columns", "folds", "invisibles", "search")


# Without Textual's keys of a screen: Tab would take the focus from the open prompt, and letters would be keys again.
@dataclass
class FilesCompared(Message):
    """Two revisions were compared; ``difference`` is None if that failed, and ``error`` says why."""

    difference: FileDifference | None
    error: str = ""


@dataclass
class BothToned(Message):
    """The lines of both revisions have colours."""

    old: Sequence[Sequence[ToneSpan]]
    new: Sequence[Sequence[ToneSpan]]


@dataclass
class BothHashed(Message):
    """The digests of both revisions are known."""

    old: str
    new: str


class FileDiffScreen(LeftOnce[None], OpensLater, SaysWhyNot, inherit_bindings=False):
    """A comparison of two revisions; one of them is None if the file was added or removed."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(FILE_DIFF_KEYS)
    why_not: ClassVar[Mapping[str, str]] = dict.fromkeys(_NEEDS_TEXT, "This works where two texts are compared.")
    DEFAULT_CSS = """
    FileDiffScreen {
        background: $background;
        #head { height: auto; max-height: 9; padding: 0 1; background: $panel; }
        #frame { height: 1fr; border: $frame $foreground 30%; }
        #frame { border-title-style: bold; border-subtitle-color: $foreground 60%; }
        #frame:focus-within { border: $frame $primary; }
        #sentence { height: auto; padding: 0 1; text-style: italic; }
    }
    """

    view = query_one(TextDiffView)
    binary = query_one(BinaryDiff)
    prompt = query_one(PromptLine)

    def __init__(self, old: FileRevision | None, new: FileRevision | None, opener: FileScreens) -> None:
        super().__init__()
        self._old = old
        self._new = new
        self._opener = opener
        self._difference: FileDifference | None = None
        self._has_chosen_columns = False
        self._is_searching = False

    def compose(self) -> ComposeResult:
        yield Static("", id="head", markup=False)
        with FramedPane(id="frame"):
            yield Static("", id="sentence", markup=False)
            yield TextDiffView()
            yield BinaryDiff()
            yield PromptLine()
        yield KeyLine(FILE_DIFF_TABLE)

    def on_mount(self) -> None:
        self.query_one("#head", Static).update(diff_head(self._old, self._new, glyphs_of(self)))
        self._say("comparing" + glyphs_of(self).ellipsis)
        self._compare()

    def on_resize(self) -> None:
        self._choose_columns()

    def _choose_columns(self) -> None:
        """Show both revisions side by side if they fit, unless the user chose."""
        if not self._has_chosen_columns:
            width = self.size.width
            is_narrow = width < SIDE_BY_SIDE or self.view.is_cut_side_by_side(width - _BORDERS)
            self.view.set_columns(in_one_column=is_narrow)

    def _say(self, sentence: str) -> None:
        self.query_one("#sentence", Static).update(Text(printable_line(sentence)))
        self._show_only("#sentence")

    def _show_only(self, selector: str) -> None:
        for name in ("#sentence", "TextDiffView", "BinaryDiff"):
            self.query_one(name).display = name == selector
        self.refresh_bindings()

    @work(thread=True, exclusive=True, exit_on_error=False, group="compare")
    def _compare(self) -> None:
        worker = get_current_worker()
        try:
            old, new = open_side(self._old), open_side(self._new)
            difference = compare_sides(old, new, lambda: worker.is_cancelled)
        except FormatError as error:
            self.post_message(FilesCompared(None, str(error)))
            return
        self.post_message(FilesCompared(difference))
        if difference.text is None:
            self.post_message(BothHashed(*(digest_of(side, lambda: worker.is_cancelled) for side in (old, new))))
        else:
            text = difference.text
            self.post_message(BothToned(tones_of_side(old, text.old), tones_of_side(new, text.new)))

    @on(FilesCompared)
    def _on_compared(self, message: FilesCompared) -> None:
        self.call_after_refresh(self.become_ready)
        difference = self._difference = message.difference
        if difference is None:
            self._say(f"These files cannot be compared: {message.error}.")
        elif difference.text is not None and not difference.text.is_equal:
            self.view.show(difference.text)
            self._choose_columns()
            self._show_only("TextDiffView")
            self.set_focus(self.view)
        elif not any(side is not None and side.pages is not None for side in (difference.before, difference.after)):
            self._say("Neither version has any content: the lines above show what differs.")
        elif difference.text is not None:
            self._say("Both versions have the same text.")
        else:
            self.binary.show(difference)
            self._show_only("BinaryDiff")
            self.set_focus(self.binary)
        self._show_frame()

    @on(BothToned)
    def _on_toned(self, message: BothToned) -> None:
        self.view.take_tones(message.old, message.new)

    @on(BothHashed)
    def _on_hashed(self, message: BothHashed) -> None:
        self.binary.take_digests(message.old, message.new)

    @property
    def _is_text(self) -> bool:
        return bool(self.view.display)

    @on(RowView.Scrolled)
    def _show_frame(self) -> None:
        frame, difference = self.query_one(FramedPane), self._difference
        separator = f" {glyphs_of(self).separator} "
        if difference is None or difference.text is None or not self._is_text:
            frame.write_title("Bytes" if self.binary.display else "")
            frame.write_subtitle("")
            return
        removed, added = difference.text.counts
        notes = text_notes(difference.text, difference.before, difference.after)
        frame.write_title(separator.join([f"+{added:,} -{removed:,} lines", *notes]))
        number, count = self.view.changes
        words = [f"change {number:,} of {count:,}"]
        if self._is_searching:
            number, count = self.view.hits
            words.insert(0, f"line {number:,} of {plural(count, 'line')} with a match")
        frame.write_subtitle(separator.join(words))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's
        return self._is_text if action in _NEEDS_TEXT else True

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(FILE_DIFF_TABLE))

    def action_search(self) -> None:
        self.prompt.ask("search", "text, or re:regex")
        self.refresh_bindings()

    @on(PromptLine.Answered)
    def _on_answered(self, message: PromptLine.Answered) -> None:
        self.set_focus(self.view)
        try:
            if message.value is not None:
                self._search_for(parse_search(message.value))
        except UsageError as error:
            warn(self, f"{error}.")
        self.refresh_bindings()

    def _search_for(self, search: Search | None) -> None:
        self.view.search(search)
        self._is_searching = search is not None
        if self._is_searching:
            self.view.go_to_hit(1)
            if not self.view.hits[1]:
                warn(self, "There is no match.")
        self._show_frame()

    def action_back(self) -> None:
        if self._is_searching:
            self._search_for(None)
        else:
            self.dismiss()

    def action_change(self, step: int) -> None:
        """Go to another change, or, in a search, to another match."""
        if self._is_searching:
            self.view.go_to_hit(step)
        elif not self.view.go_to_change(step):
            self.notify(f"This is the {'last' if step > 0 else 'first'} change.", markup=False, timeout=3)

    def action_columns(self) -> None:
        """Show both revisions side by side, or in one column."""
        self._has_chosen_columns = True
        self.view.set_columns(in_one_column=not self.view.in_one_column)

    def action_folds(self) -> None:
        """Show only changes, or the unchanged lines as well."""
        if not self.view.toggle_folds():
            self.notify("Every line is near a change: there is nothing to hide.", markup=False, timeout=3)

    def action_invisibles(self) -> None:
        """Show or hide spaces, tabs and line ends."""
        self.view.toggle_invisibles()

    @property
    def _revision(self) -> FileRevision | None:
        """The new revision, or the old one if the file was removed."""
        return self._new or self._old

    def action_view(self) -> None:
        if self._revision is not None:
            self._opener.open_file(self.app, self._revision)

    def action_copy_path(self) -> None:
        revision = self._revision
        if revision is not None:
            copy_text(self, copied_path(revision.path))
