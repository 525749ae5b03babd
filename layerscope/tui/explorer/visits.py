"""The way back through the explorer: what was on the screen before each step into a layer, a view or another screen."""

from collections.abc import Callable
from typing import NamedTuple

from layerscope.tui.tree.settings import TreePlace


class Visit(NamedTuple):
    """The state of the explorer: the chosen step, the view of its tree, the filter, the path under the cursor.

    ``reopen`` opens the screen from which the next visit was made; None if that was the explorer itself.
    """

    position: int
    tree: TreePlace
    filter_text: str
    path: bytes | None
    is_in_tree: bool
    reopen: Callable[[], None] | None = None
