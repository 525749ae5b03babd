"""The key tables of the start screen and of the chooser."""

from layerscope.tui.keys.table import FILTER, HELP, QUIT, Key, KeyGroup
from layerscope.tui.tree.keys import FILTER_KEYS
from layerscope.tui.widgets.line_list import LineList

START_KEYS = (
    HELP,
    Key("enter", "open", "open", "Open the image or container under the cursor", id="start.open", rank=10),
    Key("tab", "section(1)", "section", "Go to the next section", id="start.next-section", rank=15),
    Key("shift+tab", "section(-1)", "previous section", "Go to the previous section", id="start.previous-section"),
    FILTER,
    Key("escape", "clear", "clear", "Clear the filter", id="start.clear", rank=30),
    Key("s", "sort", "sort", "Sort by time, by size or by name", id="start.sort", rank=40),
    Key("r", "refresh", "refresh", "Ask the engines and look into the folder again", id="start.refresh", rank=50),
    Key("y", "copy", "copy", "Copy the reference that opens the row", id="start.copy", rank=60),
    QUIT.at(70),
)
START_TABLE = (
    KeyGroup("On the start screen", START_KEYS),
    KeyGroup("In any list", LineList.KEYS),
    KeyGroup("In the filter", FILTER_KEYS),
)

CHOOSER_KEYS = (
    HELP,
    Key("enter", "choose", "open", "Open the image under the cursor", id="chooser.open", rank=10),
    Key("escape", "back", "back", "Go back to where you were", id="chooser.back", rank=20),
    QUIT.at(30),
)
CHOOSER_TABLE = (KeyGroup("Images and platforms", CHOOSER_KEYS), KeyGroup("In any list", LineList.KEYS))
