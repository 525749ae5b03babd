"""The way back through the explorer: what was on the screen before each step into a layer, a view or another screen."""

from collections.abc import Callable
from typing import NamedTuple

from layerscope.tui.explorer.state import ExplorerState
from layerscope.tui.tree.panes import FilesPanes
from layerscope.tui.tree.settings import TreePlace
from layerscope.tui.tree.view import Scope


class Visit(NamedTuple):
    """The state of the explorer: the chosen step, the view of its tree, the filter, the path under the cursor.

    ``top`` and ``steps_top`` are the first lines on the screen, of the tree and of the layers.
    ``reopen`` opens the screen from which the next visit was made; None if that was the explorer itself.
    """

    position: int
    tree: TreePlace
    filter_text: str
    path: bytes | None
    top: int
    steps_top: int
    is_in_tree: bool
    reopen: Callable[[], None] | None


class Visits:
    """The stack of visits to the panes of the explorer."""

    def __init__(self, panes: FilesPanes) -> None:
        self._panes = panes
        self._visits = list[Visit]()

    def __bool__(self) -> bool:
        return bool(self._visits)

    def keep(self, state: ExplorerState, reopen: Callable[[], None] | None = None) -> None:
        """Keep what is on the screen, to come back to it."""
        files = self._panes.files
        self._visits.append(
            Visit(
                state.position,
                state.settings.place,
                files.filter_text,
                files.path if files.file_tree.cursor else None,
                files.file_tree.scroll_offset.y,
                self._panes.steps.scroll_offset.y,
                files.file_tree.has_focus or files.is_filtering,
                reopen,
            )
        )

    def drop(self, state: ExplorerState, scope: Scope) -> bool:
        """Drop the last visit if it was to this view of the chosen step, and return whether it was."""
        last = self._visits[-1] if self._visits else None
        is_there = last is not None and (last.position, last.tree.scope, last.reopen) == (state.position, scope, None)
        if is_there:
            self._visits.pop()
        return is_there

    def go_back(self, state: ExplorerState) -> Visit:
        """Choose the step of the last visit, show its tree and cursor, and return it."""
        visit = self._visits.pop()
        state.choose_position(visit.position)
        self._panes.go_to(self._panes.files.file_tree if visit.is_in_tree else self._panes.steps)
        self._panes.files.go_back(visit.tree, visit.filter_text, visit.path, visit.top)
        return visit
