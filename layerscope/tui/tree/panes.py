"""The panes of a screen with a file tree: steps and their details on the left, files on the right."""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from layerscope.text import copied_path
from layerscope.tui.keys.order import SaysWhyNot
from layerscope.tui.keys.table import bindings
from layerscope.tui.services import warn
from layerscope.tui.tree.keys import FILES_KEYS
from layerscope.tui.tree.pane import FilesPane
from layerscope.tui.tree.view import TreeSettings
from layerscope.tui.widgets.field_list import Field, FieldList
from layerscope.tui.widgets.step_list import StepList

_BORDERS = 2
"""The lines of the border of a frame, and its columns."""

_DETAILS_SHARE, _DETAILS_LINES = 0.35, 13
"""The part of the height that the details have in any case, and the most lines of that."""


class FilesPanes(Horizontal, SaysWhyNot):
    """The panes, and the keys that work in all of them: every widget that can have the focus is inside."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(FILES_KEYS)
    why_not: ClassVar[Mapping[str, str]] = {"next_match": "There is no filter: / opens one."}
    # The rules below also match the class that the screen has by its width.
    SCOPED_CSS = False
    DEFAULT_CSS = """
    FilesPanes {
        height: 1fr;
        #left { width: 42%; max-width: 72; }
        .frame { border: $frame $foreground 30%; }
        .frame { border-title-color: $foreground; border-subtitle-color: $foreground 60%; }
        .frame:focus-within { border: $frame $primary; border-title-style: bold; }
        #layers-frame { min-height: 4; }
        #details-frame { height: auto; }
        #files-frame { width: 1fr; height: 1fr; }
    }
    Screen.-narrow FilesPanes, FilesPanes.-zoomed {
        layout: vertical;
        #left { width: 100%; max-width: 100%; height: 1fr; }
        #files-frame { width: 100%; display: none; }
        &.-in-files #left { display: none; }
        &.-in-files #files-frame { display: block; }
    }
    """

    def __init__(self, steps: StepList, files: FilesPane) -> None:
        super().__init__()
        self.steps = steps
        self.details = FieldList(id="details-frame", classes="frame")
        self.files = files
        steps.id = "layers-frame"
        steps.add_class("frame")

    def compose(self) -> ComposeResult:
        yield Vertical(self.steps, self.details, id="left")
        yield self.files

    def title_steps(self, title: str, subtitle: str = "") -> None:
        self.steps.write_title(title)
        self.steps.write_subtitle(subtitle)

    def show_details(self, title: str, *forms: Sequence[Field]) -> None:
        """Show the details of the chosen step; they may have shorter forms."""
        self.details.border_title = title
        self.details.show(*forms)
        self._share_height()

    def on_resize(self) -> None:
        self._share_height()

    @on(StepList.Fitted)
    def _share_height(self) -> None:
        """Give the details the lines that the steps can do without.

        The details of the chosen step do not count: the steps must not move when another one is chosen.
        """
        height = self.size.height
        if not height:
            # before the first layout
            return
        least = min(int(height * _DETAILS_SHARE), _DETAILS_LINES)
        hidden_width = 0 if self.steps.is_on_screen else self.size.width - _BORDERS
        steps = self.steps.lines_in(height - least - _BORDERS, hidden_width)
        self.details.styles.height = max(least, height - steps - _BORDERS)

    @property
    def copied_path(self) -> str | None:
        """The path under the cursor, as it is copied."""
        path = self.files.path
        return None if path is None else copied_path(path)

    @property
    def _settings(self) -> TreeSettings:
        return self.files.state.settings

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # from Textual
        if action == "next_match":
            return self._settings.query is not None
        return not (action == "filter" and self.files.is_filtering)

    def action_filter(self) -> None:
        self.files.filter()

    def action_next_match(self, step: int) -> None:
        self.files.next_match(step)

    def action_sort(self) -> None:
        self.change(self._settings.toggle_sort)

    def action_columns(self) -> None:
        """Show the next set of columns, or say that there is no room for it."""
        tree = self.files.file_tree
        before = tree.shown_columns if tree.is_on_screen else None
        self.change(self._settings.next_columns)
        if tree.shown_columns == before:
            warn(self, "There is no room for more columns.")

    def action_open_deeper(self, step: int) -> None:
        """Unfold folders one level deeper, or less deep."""
        if not self._changes_rows(lambda: self._settings.open_deeper(step)):
            self._warn_of_folds("unfolded" if step > 0 else "folded")

    def action_toggle_all(self) -> None:
        """Unfold all folders, or fold all of them; folders that fill the screen may be all there are."""
        toggle = self._settings.toggle_all
        if not self._changes_rows(toggle) and not self._changes_rows(toggle):
            self._warn_of_folds("unfolded")

    def _changes_rows(self, change: Callable[[], None]) -> bool:
        """Unfold or fold folders; return False if that leaves as many rows as before."""
        before = self.files.file_tree.rows
        self.change(change)
        after = self.files.file_tree.rows
        return before is None or after is None or before is after or len(before) != len(after)

    def _warn_of_folds(self, state: str) -> None:
        is_filtered = self._settings.query is not None
        warn(self, "The filter unfolds all folders above its matches." if is_filtered else f"All folders are {state}.")

    def action_zoom(self) -> None:
        """Show only the pane that has the focus, or all panes."""
        if self.screen.has_class("-narrow"):
            warn(self, "There is room for one pane only: Tab shows the next.")
        else:
            self.toggle_class("-zoomed")

    def go_to(self, pane: Widget) -> None:
        """Give a pane the focus. On a small screen it is shown first: what is hidden loses the focus."""
        self.set_class(pane is self.files.file_tree, "-in-files")
        # Not by a message: the next key may follow immediately, and needs the new focus.
        self.screen.set_focus(pane)

    def on_descendant_focus(self) -> None:
        """Remember which pane has the focus: a small or zoomed screen shows only that one."""
        self.set_class(self.files.file_tree.has_focus or self.files.is_filtering, "-in-files")

    def change(self, change: Callable[[], None]) -> None:
        """Change the settings of the files, and show them."""
        change()
        self.show_changed_files()

    def show_changed_files(self) -> None:
        """Show the files after a change of their settings, on a small screen in place of the steps."""
        self.files.rebuild()
        self.bring_up_files()

    def bring_up_files(self) -> None:
        self._bring_up(self.files.file_tree)

    def show_changed_steps(self) -> None:
        """Show the steps after a change of their list, on a small screen in place of the files."""
        self._bring_up(self.steps)

    def _bring_up(self, pane: Widget) -> None:
        """Give the focus to a pane that a small or zoomed screen hides."""
        if not pane.is_on_screen:
            self.go_to(pane)

    @property
    def hides_details(self) -> bool:
        return not self.details.is_on_screen

    def action_other_pane(self, step: int) -> None:
        panes = self._panes()
        focused = next((number for number, pane in enumerate(panes) if pane.has_focus), 0)
        self.go_to(panes[(focused + step) % len(panes)])

    def _panes(self) -> list[Widget]:
        """Return the panes that Tab visits: the details only where they do not fit."""
        details = self.details
        is_cut = details.max_scroll_y or details.has_focus or not details.is_on_screen
        return [self.steps, self.files.file_tree, *([details] if is_cut else [])]
