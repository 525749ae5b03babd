"""The keys that do the same on several screens; each has one id, so that a user binds it once."""

from layerscope.tui.keys.table import Key

HELP = Key("question_mark", "help", "help", "Show all keys", id="screen.help", rank=0)
QUIT = Key("q", "app.quit", "quit", "Quit", id="screen.quit", rank=120)
COPY_PATH = Key("y", "copy_path", "path", "Copy the path to the clipboard", id="screen.copy-path", rank=130)
HISTORY = Key(
    "H",
    "history",
    "history",
    "List what every layer did to the path under the cursor, and compare versions",
    id="screen.history",
    rank=110,
)
INVISIBLES = Key("I", "invisibles", "invisibles", "Show spaces, tabs and line ends", id="screen.invisibles", rank=120)
FILTER = Key(
    "slash",
    "filter",
    "filter",
    "Filter as you type: text, a glob with * or ?, re: for a regular expression",
    id="screen.filter",
    rank=20,
)
