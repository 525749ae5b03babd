"""The key table of the size view."""

from layerscope.tui.keys.table import Key, KeyGroup, Series
from layerscope.tui.widgets.line_list import LineList

VIEW_NAMES = ("layers", "directories", "map", "types", "packages", "dead", "duplicates", "advice")

_DIGITS = Series(f"1 to {len(VIEW_NAMES)}", "Go to the view of that number")

SIZE_KEYS = (
    Key("question_mark", "help", "help", "Show all keys", id="size.help", rank=0),
    Key("escape,w", "dismiss", "back", "Go back to the explorer", id="size.back", rank=10),
    Key("tab,right,l", "view(1)", "view", "Go to the next view", id="size.next", rank=20, line="tab 1-8"),
    Key("shift+tab,left,h", "view(-1)", "previous view", "Go to the previous view", id="size.previous"),
    *(
        Key(
            str(number),
            f"go_to({number - 1})",
            name,
            f"Go to the view of that number: {name}",
            id=f"size.view-{number}",
            series=_DIGITS,
        )
        for number, name in enumerate(VIEW_NAMES, 1)
    ),
    Key("enter", "choose", "open", "Open the folder, or show the row in the tree", id="size.choose", rank=30),
    Key("down,j", "move(1)", "Down", id="size.down"),
    Key("up,k", "move(-1)", "Up", id="size.up"),
    Key("backspace,minus", "up", "up", "Go up to the parent folder", id="size.folder-up", rank=40),
    Key("t", "show", "show in the tree", "Show the row in the tree", id="size.show", rank=50),
    Key("q", "app.quit", "quit", "Quit", id="size.quit", rank=60),
)
SIZE_TABLE = (KeyGroup("The size of the image", SIZE_KEYS), KeyGroup("In any list", LineList.KEYS))
