"""The keys of every screen with a file tree. A smaller rank is more important; the ranks leave room for others."""

from dataclasses import replace

from layerscope.tui.keys.table import FILTER, Key

MOUSE_NOTE = (
    "Mouse",
    "Click a row to choose it, its sign to unfold it. Click twice to open. Click a key in the last line to press it.",
)

FILTER_KEYS = (Key("enter,down,up", "submit", "go to the match", "Go to the match", id="filter.submit", rank=5),)

FILES_KEYS = (
    # The filter and the panes take keys before the focused widget: the next key may come before any message is handled.
    Key(
        "tab",
        "other_pane(1)",
        "pane",
        "Go to the next pane: layers, files, and details where they do not fit",
        id="files.next-pane",
        rank=18,
        command="Next pane",
        priority=True,
    ),
    Key(
        "shift+tab",
        "other_pane(-1)",
        "previous pane",
        "Go to the previous pane",
        id="files.previous-pane",
        priority=True,
    ),
    replace(FILTER, priority=True, rank=4),
    Key(
        "n", "next_match(1)", "match", "Go to the next match", id="files.next", rank=3, line="n N", command="Next match"
    ),
    Key("N", "next_match(-1)", "previous match", "Go to the previous match", id="files.previous"),
    Key("s", "sort", "sort", "Sort by size or by name", id="files.sort", rank=50),
    Key(
        "o",
        "columns",
        "columns",
        "Show mode and owner, then times and layers too, as far as they fit, then none of them",
        id="files.columns",
        rank=140,
    ),
    Key("z", "zoom", "zoom", "Show only this pane, or all panes", id="files.zoom", rank=150),
    Key("Z", "toggle_all", "fold all", "Unfold all folders, or fold all of them", id="files.fold-all"),
    Key("plus", "open_deeper(1)", "deeper", "Unfold folders one level deeper", id="files.deeper", line="+ -"),
    Key("minus", "open_deeper(-1)", "less deep", "Unfold folders one level less deep", id="files.less-deep"),
)
