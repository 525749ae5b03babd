"""The key tables of the comparisons of two layers and of two images."""

from dataclasses import replace

from layerscope.tui.keys.table import COPY_PATH, HELP, QUIT, Key, KeyGroup
from layerscope.tui.tree.file_tree import FileTree
from layerscope.tui.tree.keys import FILES_KEYS, FILTER_KEYS
from layerscope.tui.widgets.line_list import LineList
from layerscope.tui.widgets.step_list import StepList

_LAYER_KEYS = (
    Key("a", "own", "alone", "Compare all files after each layer, or what the two wrote", id="diff.own", rank=45),
    Key("d", "previous", "previous", "Compare the layer with the previous one", id="diff.with-previous", rank=140),
    Key("D", "mark", "mark", "Compare with this layer from now on", id="diff.mark"),
)
_COMMON_KEYS = (
    Key("c", "changes", "all files", "Show only changes, or all files", id="files.changes", rank=70),
    Key("escape", "back", "back", "Clear the filter, or go back", id="diff.back", rank=5),
    Key("left_square_bracket", "step(-1)", "previous step", "Compare at the previous step", id="diff.previous-step"),
    Key(
        "right_square_bracket",
        "step(1)",
        "step",
        "Compare at the next step",
        id="diff.next-step",
        rank=130,
        line="[ ]",
    ),
    Key(
        "x",
        "extract",
        "extract",
        "Extract the file or folder under the cursor: the new version, or the old one if it was removed",
        id="diff.extract",
        rank=100,
    ),
    COPY_PATH.at(180),
    QUIT,
)
COMPARISON_KEYS = (HELP, *_COMMON_KEYS, *_LAYER_KEYS)
"""The bindings of the screen; those of layers do nothing where two images are compared."""


def _widget_groups(enter: str) -> tuple[KeyGroup, ...]:
    """Return the keys of the widgets; ``enter`` says what Enter does in the steps."""
    steps = tuple(replace(key, help=enter) if key.id == "steps.enter" else key for key in StepList.KEYS)
    return (
        KeyGroup("In the tree", FileTree.KEYS),
        KeyGroup("In the steps", steps),
        KeyGroup("In any list", LineList.KEYS),
        KeyGroup("In the filter", FILTER_KEYS),
    )


LAYERS_TABLE = (
    KeyGroup("Anywhere", (HELP, *FILES_KEYS, *_COMMON_KEYS, *_LAYER_KEYS)),
    *_widget_groups("Go to the files that differ at the step"),
)
IMAGES_TABLE = (
    KeyGroup("Anywhere", (HELP, *FILES_KEYS, *_COMMON_KEYS)),
    *_widget_groups("Go to the files that differ at the step; unfolds first why a rebuilt layer has another digest"),
)
