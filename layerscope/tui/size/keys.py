"""The key table of the size view."""

from dataclasses import replace

from layerscope.tui.keys.table import FILTER, HELP, HISTORY, QUIT, Key, KeyGroup, Series
from layerscope.tui.size.map_widget import Treemap
from layerscope.tui.size.state import SizeView
from layerscope.tui.widgets.line_list import LineList
from layerscope.tui.widgets.prompt_line import PromptLine

_VIEW_HELP = (
    "Show secrets and advice, and how much smaller the image gets",
    "Show the layers by size, with dead bytes",
    "Show the largest folders and files",
    "Show a map of the folders",
    "Show the size by type of file",
    "Show the packages by size",
    "Show the dead bytes by cause: deleted, overwritten, changed mode or owner",
    "Show the files that are there more than once",
)
_DIGITS = Series(f"1 to {len(SizeView)}", "Go to the view of that number")
SIZE_KEYS = (
    HELP,
    Key("escape,left,h", "back", "back", "Clear the filter, or go back to where you were", id="size.back", rank=10),
    Key("tab", "view(1)", "view", "Go to the next view", id="size.next", rank=20),
    Key("shift+tab", "view(-1)", "previous view", "Go to the previous view", id="size.previous"),
    *(
        Key(
            str(view + 1),
            f"go_to({view.value})",
            view.label,
            text,
            id=f"size.view-{view + 1}",
            series=_DIGITS,
        )
        for view, text in zip(SizeView, _VIEW_HELP, strict=True)
    ),
    Key("enter,right,l", "choose", "open", "Open the file, or what the row is about", id="size.choose", rank=30),
    Key("t", "show", "in the tree", "Show the row in the tree", id="size.show", rank=40),
    Key("y", "copy", "copy", "Copy the new instruction, or the path", id="size.copy", rank=50),
    FILTER.at(60),
    Key("s", "sort", "sort", "Sort by the next column", id="size.sort", rank=70),
    Key("x", "extract", "extract", "Write the file or folder into a local folder", id="size.extract", rank=80),
    HISTORY.at(90),
    Key("backspace", "up", "parent", "Go to the parent folder", id="size.folder-up"),
    QUIT.at(100),
)
SIZE_TABLE = (
    KeyGroup("The size of the image", SIZE_KEYS),
    KeyGroup("In any list", LineList.KEYS),
    KeyGroup("In the filter", PromptLine.KEYS),
)

_MAP_NAMES = frozenset(name for key in Treemap.KEYS for name in key.keys.split(","))


def _beside_map(key: Key) -> Key:
    """Return a key without those of its names that move the cursor of the map."""
    return replace(key, keys=",".join(name for name in key.keys.split(",") if name not in _MAP_NAMES))


MAP_TABLE = (
    KeyGroup("The size of the image", tuple(map(_beside_map, SIZE_KEYS))),
    KeyGroup("In the map", Treemap.KEYS),
)
"""The keys of the view without a list: the map has neither pages nor a filter."""
