"""What the screens with a file tree share: its keys, the panes beside it, the line of keys."""

from typing import ClassVar

from textual.getters import query_one
from textual.screen import Screen
from textual.widget import Widget

from layerscope.text import copied_path
from layerscope.tui.dialogs.help import HelpScreen
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.explorer.step_details import StepDetails
from layerscope.tui.keys.table import KeyGroup
from layerscope.tui.tree.file_tree import FileTree
from layerscope.tui.tree.pane import FilesPane
from layerscope.tui.tree.state import FilesState
from layerscope.tui.widgets.step_list import StepList

_MOUSE = ("Mouse", "Click a row, click its sign or twice to open, click a key in the last line; the wheel scrolls.")


class FilesScreen(Screen[object]):
    """A list on the left, the details of what is chosen there below it, and a file tree on the right.

    A subclass lays them out.
    """

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012  # Textual's own name and type
    TABLE: ClassVar[tuple[KeyGroup, ...]]
    DEFAULT_CSS = """
    FilesScreen {
        layout: vertical;
        background: $background;
        #panes { height: 1fr; layout: horizontal; }
        #left { width: 42%; max-width: 72; }
        .frame { border: round $foreground 30%; }
        .frame { border-title-color: $foreground; border-subtitle-color: $foreground 60%; }
        .frame:focus-within { border: round $primary; border-title-style: bold; }
        #layers-frame { height: 1fr; min-height: 4; }
        #details-frame { height: auto; max-height: 40%; }
        #files-frame { width: 1fr; height: 1fr; }
        &.-narrow #panes { layout: vertical; }
        &.-narrow #left { width: 100%; max-width: 100%; height: 8; }
        &.-narrow #left:focus-within { height: 65%; }
        &.-narrow #details-frame { display: none; }
        &.-narrow #left:focus-within #details-frame { display: block; }
        &.-narrow #files-frame { width: 100%; }
        &.-narrow #left:focus-within #details-frame { max-height: 50%; }
        &.-narrow EntryDetails { min-height: 1; max-height: 1; }
        &.-narrow #files-frame:focus-within EntryDetails { min-height: 2; max-height: 6; }
        &.-ascii .frame { border: ascii $foreground 30%; }
        &.-ascii .frame:focus-within { border: ascii $primary; }
    }
    """

    step_list = query_one(StepList)
    step_details = query_one(StepDetails)
    files = query_one(FilesPane)
    file_tree = query_one(FileTree)

    def __init__(self, state: FilesState, glyphs: Glyphs) -> None:
        super().__init__(classes="" if glyphs.has_unicode else "-ascii")
        self._state = state
        self._glyphs = glyphs

    def marks(self) -> str:
        """Return what the help says of the marks in the tree."""
        raise NotImplementedError

    def panes(self) -> list[Widget]:
        """Return what Tab goes through: the steps, the files, and the details where not all of them is seen."""
        details = self.step_details
        is_cut = details.max_scroll_y or details.has_focus or not details.is_on_screen
        return [self.step_list, self.file_tree, *([details] if is_cut else [])]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's
        """Tell which keys work now."""
        if action == "next_match":
            return self._state.query is not None
        return not (action == "filter" and self.files.is_filtering)

    def action_help(self) -> None:
        """Show all keys."""
        self.app.push_screen(HelpScreen(self._glyphs, self.TABLE, self.help_notes()))

    def help_notes(self) -> tuple[tuple[str, str], ...]:
        """Return the notes below the keys in the help."""
        return ("Marks", self.marks()), _MOUSE

    def action_filter(self) -> None:
        """Open the filter."""
        self.files.filter()

    def action_next_match(self, step: int) -> None:
        """Go to another match."""
        self.files.next_match(step)

    def action_sort(self) -> None:
        """Sort the other way."""
        self._state.sort_otherwise()
        self.files.rebuild()

    def action_changes(self) -> None:
        """Show changes only, or everything."""
        self._state.changes_only = not self._state.changes_only
        self.files.rebuild()

    def action_columns(self) -> None:
        """Show other columns."""
        self._state.show_other_columns()
        self.files.rebuild()

    def action_open_to(self, depth: int) -> None:
        """Open all folders down to a depth."""
        self._state.open_to(depth)
        self.files.rebuild()

    def action_fold_all(self) -> None:
        """Fold all folders."""
        self.action_open_to(0)

    def action_unfold_all(self) -> None:
        """Open all folders."""
        self._state.open_all()
        self.files.rebuild()

    def action_other_pane(self, step: int) -> None:
        """Go to the next of the panes."""
        panes = self.panes()
        at = next((place for place, pane in enumerate(panes) if pane.has_focus), 0)
        # at once, as all that changes the focus: the next key may be there already
        self.set_focus(panes[(at + step) % len(panes)])

    @property
    def path_under_cursor(self) -> str | None:
        """The path under the tree's cursor, to be copied."""
        path = self.files.path
        return None if path is None else copied_path(path)

    def copy(self, text: str | None) -> None:
        """Put a text into the clipboard, and say so."""
        if text:
            self.app.copy_to_clipboard(text)
            self.notify(text, title="Copied", markup=False, timeout=3)
