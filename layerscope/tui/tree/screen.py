"""What the screens with a file tree share: its keys, the panes beside it, the line of keys."""

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.getters import query_one
from textual.screen import Screen
from textual.widget import Widget

from layerscope.text import copied_path
from layerscope.tui.dialogs.help import HelpScreen, KeyGroup
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.explorer.step_details import StepDetails
from layerscope.tui.tree.file_tree import FileTree
from layerscope.tui.tree.pane import FilesPane
from layerscope.tui.tree.state import FilesState
from layerscope.tui.widgets.key_line import Key, KeyLine
from layerscope.tui.widgets.line_list import LineList
from layerscope.tui.widgets.step_list import StepList

_KEYS_IN_FILTER = (("enter", "enter", "go to the match"), ("escape", "esc", "clear"), ("tab", "tab", "pane"))
"""What the last line shows while a filter is typed: all other keys are text."""

_MOUSE = ("Mouse", "Click a row, click its sign or twice to open, click a key in the last line; the wheel scrolls.")


LineKey = tuple[str, str, str, str]
"""Action, key, how it is written, its word."""


class FilesScreen(Screen[object]):
    """A list on the left, the details of what is chosen there below it, and a file tree on the right.

    A subclass lays them out, and gives ``KEYS_IN_LINE``: action, key, how it is written, its word, the most important
    first. The help has all keys.
    """

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012  # Textual's own name and type
    KEYS_IN_LINE: ClassVar[tuple[LineKey, ...]] = ()
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "help", tooltip="Show all keys", id="files.help", key_display="?"),
        Binding(
            "slash",
            "filter",
            "filter",
            key_display="/",
            tooltip="Filter as you type: text, a glob with * or ?, re: for a regular expression",
            id="files.filter",
            # else keys that follow at once would not find the filter open
            priority=True,
        ),
        Binding("n", "next_match(1)", "next", tooltip="Go to the next match", id="files.next"),
        Binding("N", "next_match(-1)", "previous", tooltip="Go to the match before", id="files.previous"),
        Binding("s", "sort", "sort", tooltip="Sort by size, or by name", id="files.sort"),
        Binding("c", "changes", "changes", tooltip="Show changes only, or everything", id="files.changes"),
        Binding("z", "fold_all", "fold all", tooltip="Fold all folders", id="files.fold-all"),
        Binding("Z,E", "unfold_all", "open all", tooltip="Open all folders", id="files.open-all", key_display="Z"),
        *[
            Binding(
                str(depth),
                f"open_to({depth})",
                f"to depth {depth}",
                show=False,
                id=f"files.depth-{depth}",
                tooltip=f"Open all folders down to depth {depth}",
            )
            for depth in range(1, 10)
        ],
        Binding(
            "o",
            "columns",
            "columns",
            tooltip="Show mode and owner, then times and layers too, as far as there is room, then neither",
            id="files.columns",
        ),
        Binding(
            "tab",
            "other_pane(1)",
            "next pane",
            tooltip="Go to the next pane: layers, files, details where not all of them is seen",
            id="files.next-pane",
            # as the filter, which would overtake it
            priority=True,
        ),
        Binding(
            "shift+tab",
            "other_pane(-1)",
            "pane before",
            tooltip="Go to the pane before",
            id="files.previous-pane",
            priority=True,
        ),
    ]
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
    key_line = query_one(KeyLine)

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

    @on(FilesPane.KeysChanged)
    def show_keys(self) -> None:
        """Show the keys that work now."""
        self.key_line.show(list(self._active_keys()))

    def _active_keys(self) -> Iterable[Key]:
        if self.files.is_filtering:
            yield from _KEYS_IN_FILTER
            return
        for action, key, written, does in self.KEYS_IN_LINE:
            if self.check_action(action, ()):
                yield key, written, does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's
        """Tell which keys work now."""
        if action == "next_match":
            return self._state.query is not None
        return not (action == "filter" and self.files.is_filtering)

    def on_descendant_focus(self) -> None:
        """Show the keys that work in the pane."""
        self.show_keys()

    def action_press(self, key: str) -> None:
        """Do what a key does, for the mouse."""
        self.app.simulate_key(key)

    def action_help(self) -> None:
        """Show all keys."""
        groups = [
            KeyGroup("Anywhere", list(self._bindings_of_screens())),
            KeyGroup("In the tree", FileTree.BINDINGS),
            KeyGroup("In any list", LineList.BINDINGS),
        ]
        self.app.push_screen(HelpScreen(self._glyphs, groups, (("Marks", self.marks()), _MOUSE)))

    def _bindings_of_screens(self) -> Iterable[BindingType]:
        """Return the keys of this kind of screen, the most general first."""
        kinds = [kind for kind in reversed(type(self).__mro__) if issubclass(kind, FilesScreen)]
        return (binding for kind in kinds for binding in vars(kind).get("BINDINGS", ()))

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
