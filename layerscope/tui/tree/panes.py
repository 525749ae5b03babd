"""The panes of a screen with a file tree: steps and their details on the left, files on the right."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.widget import Widget

from layerscope.text import copied_path
from layerscope.tui.keys.table import bindings
from layerscope.tui.tree.keys import FILES_KEYS
from layerscope.tui.tree.pane import FilesPane
from layerscope.tui.tree.settings import TreeSettings
from layerscope.tui.widgets.field_list import Field, FieldList
from layerscope.tui.widgets.step_list import StepList


class FilesPanes(Horizontal):
    """The panes, and the keys that work in all of them: every widget that can have the focus is inside."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(FILES_KEYS)
    # The rules below also match the class that the screen has by its width.
    SCOPED_CSS = False
    DEFAULT_CSS = """
    FilesPanes {
        height: 1fr;
        #left { width: 42%; max-width: 72; }
        .frame { border: $frame $foreground 30%; }
        .frame { border-title-color: $foreground; border-subtitle-color: $foreground 60%; }
        .frame:focus-within { border: $frame $primary; border-title-style: bold; }
        #layers-frame { height: 1fr; min-height: 4; }
        #details-frame { height: auto; max-height: 40%; }
        #files-frame { width: 1fr; height: 1fr; }
    }
    Screen.-narrow FilesPanes {
        layout: vertical;
        #left { width: 100%; max-width: 100%; height: 7; }
        #left:focus-within { height: 65%; }
        #details-frame { display: none; }
        #left:focus-within #details-frame { display: block; max-height: 50%; }
        #files-frame { width: 100%; }
        EntryDetails { min-height: 1; max-height: 1; }
        #files-frame:focus-within EntryDetails { min-height: 2; max-height: 6; }
    }
    """

    def __init__(self, steps: StepList, files: FilesPane) -> None:
        super().__init__()
        self.steps = steps
        self.details = FieldList(id="details-frame", classes="frame")
        self.files = files
        self._steps_frame = Container(steps, id="layers-frame", classes="frame")

    def compose(self) -> ComposeResult:
        """Lay out the panes."""
        yield Vertical(self._steps_frame, self.details, id="left")
        yield self.files

    def title_steps(self, title: str, subtitle: str = "") -> None:
        """Write into the frame of the steps."""
        self._steps_frame.border_title = title
        self._steps_frame.border_subtitle = subtitle

    def show_details(self, title: str, fields: Sequence[Field]) -> None:
        """Show the details of the chosen step."""
        self.details.border_title = title
        self.details.show(fields)

    @property
    def copied_path(self) -> str | None:
        """The path under the cursor, as it is copied."""
        path = self.files.path
        return None if path is None else copied_path(path)

    @property
    def _settings(self) -> TreeSettings:
        return self.files.state.settings

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # from Textual
        """Return whether a key works now."""
        if action == "next_match":
            return self._settings.query is not None
        return not (action == "filter" and self.files.is_filtering)

    def action_filter(self) -> None:
        """Open the filter."""
        self.files.filter()

    def action_next_match(self, step: int) -> None:
        """Go to the next or the previous match."""
        self.files.next_match(step)

    def action_sort(self) -> None:
        """Sort by size or by name."""
        self._change(self._settings.toggle_sort)

    def action_changes(self) -> None:
        """Show only changes, or all files."""
        self._change(self._settings.toggle_changes)

    def action_columns(self) -> None:
        """Show the next set of columns."""
        self._change(self._settings.next_columns)

    def action_open_to(self, depth: int) -> None:
        """Unfold all folders down to a depth."""
        self._change(lambda: self._settings.open_to(depth))

    def action_fold_all(self) -> None:
        """Fold all folders."""
        self.action_open_to(0)

    def action_unfold_all(self) -> None:
        """Unfold all folders."""
        self._change(self._settings.open_all)

    def _change(self, change: Callable[[], None]) -> None:
        change()
        self.files.rebuild()

    def action_other_pane(self, step: int) -> None:
        """Go to the next or the previous pane."""
        panes = self._panes()
        focused = next((number for number, pane in enumerate(panes) if pane.has_focus), 0)
        # Not by a message: the next key may follow immediately, and needs the new focus.
        self.screen.set_focus(panes[(focused + step) % len(panes)])

    def _panes(self) -> list[Widget]:
        """Return the panes that Tab visits: the details only where they do not fit."""
        details = self.details
        is_cut = details.max_scroll_y or details.has_focus or not details.is_on_screen
        return [self.steps, self.files.file_tree, *([details] if is_cut else [])]
