"""The key table of the comparison of two versions of a file."""

from layerscope.tui.file_diff.binary_view import BinaryDiff
from layerscope.tui.keys.shared import COPY_PATH, HELP, INVISIBLES, QUIT
from layerscope.tui.keys.table import Key, KeyGroup
from layerscope.tui.widgets.prompt_line import PromptLine
from layerscope.tui.widgets.row_view import RowView

FILE_DIFF_KEYS = (
    HELP,
    Key(
        "n",
        "change(1)",
        "change",
        "Go to the next change, or, in a search, match",
        id="diff.next",
        rank=10,
        line="n N",
    ),
    Key(
        "N",
        "change(-1)",
        "previous change",
        "Go to the previous change, or match",
        id="diff.previous",
    ),
    Key("slash", "search", "search", "Search: text, or re: for a regular expression", id="diff.search", rank=20),
    Key("v", "columns", "columns", "Show both versions side by side, or in one column", id="diff.columns", rank=30),
    Key("c", "folds", "changes only", "Show only changes, or the unchanged lines as well", id="diff.folds", rank=40),
    Key(
        "enter", "view", "file", "Open the new version, or the old one if the file was removed", id="diff.file", rank=50
    ),
    Key("escape", "back", "back", "End the search, or go back", id="diff.back", rank=60),
    QUIT.at(70),
    INVISIBLES.at(80),
    COPY_PATH.at(90),
)
FILE_DIFF_TABLE = (
    KeyGroup("The comparison", FILE_DIFF_KEYS),
    KeyGroup("In a text", RowView.KEYS),
    KeyGroup("In binary files", BinaryDiff.KEYS),
    KeyGroup("In the prompt", PromptLine.KEYS),
)
