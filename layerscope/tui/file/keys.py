"""The key tables of the file screen and of the history of a path."""

from layerscope.tui.file.body import FileBody
from layerscope.tui.keys.table import COPY_PATH, HELP, HISTORY, QUIT, Key, KeyGroup
from layerscope.tui.widgets.line_list import LineList
from layerscope.tui.widgets.prompt_line import PromptLine
from layerscope.tui.widgets.row_view import RowView

FILE_KEYS = (
    HELP,
    Key(
        "less_than_sign,left_square_bracket",
        "revision(-1)",
        "version",
        "Show the previous version",
        id="file.previous-version",
        rank=30,
        line="< >",
    ),
    Key(
        "greater_than_sign,right_square_bracket",
        "revision(1)",
        "next version",
        "Show the next version",
        id="file.next-version",
    ),
    Key("d", "diff", "diff", "Compare with the previous version", id="file.diff", rank=40),
    HISTORY.at(50),
    Key("enter", "follow", "follow", "Open the file that the symlink leads to", id="file.follow", rank=60),
    Key("escape", "back", "back", "End the search, or go back", id="file.back", rank=70),
    Key("S", "digest", "sha256", "Compute the sha256, and copy it to the clipboard", id="file.digest", rank=110),
    COPY_PATH,
    Key("Y", "copy_content", "content", "Copy the text to the clipboard", id="file.copy-content", rank=140),
    Key("x", "extract", "extract", "Extract this version into a local folder", id="file.extract", rank=150),
    Key("P", "pager", "pager", "Open a copy in $PAGER", id="file.pager", rank=160),
    Key("E", "editor", "editor", "Open a copy in $VISUAL or $EDITOR", id="file.editor", rank=170),
    QUIT.at(180),
)
FILE_TABLE = (
    KeyGroup("The file", FILE_KEYS),
    KeyGroup("Its content", FileBody.KEYS),
    KeyGroup("Scrolling", RowView.KEYS),
    KeyGroup("In the prompt", PromptLine.KEYS),
)

HISTORY_KEYS = (
    Key("enter,right,l", "choose", "open", "Show the version", id="history.choose", rank=0),
    Key("d", "compare", "diff", "Compare with the previous version", id="history.compare", rank=10),
    Key("m,space", "mark", "mark", "Mark a version to compare another one with", id="history.mark", rank=20),
    Key("D", "compare_marked", "with marked", "Compare with the marked version", id="history.compare-marked", rank=30),
    Key("escape,left,h,H", "dismiss", "back", "Go back", id="history.back", rank=40),
    QUIT.at(50),
)
HISTORY_TABLE = (KeyGroup("The history", HISTORY_KEYS), KeyGroup("In any list", LineList.KEYS))
