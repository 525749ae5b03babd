"""The key table of the explorer."""

from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.keys.table import HELP, HISTORY, QUIT, Key, KeyGroup
from layerscope.tui.tree.file_tree import FileTree
from layerscope.tui.tree.keys import FILES_KEYS, FILTER_KEYS
from layerscope.tui.widgets.line_list import LineList
from layerscope.tui.widgets.step_list import StepList

EXPLORER_KEYS = (
    Key(
        "escape",
        "back",
        "back",
        "Close the filter, or go back to where you were",
        id="explorer.back",
        rank=15,
    ),
    Key("1", "view('merged')", "all files", "Show all files after the layer", id="explorer.view-1", rank=20),
    Key(
        "2",
        "view('own')",
        "changes",
        "Show only this layer's changes, with the sizes that it wrote",
        id="explorer.view-2",
        rank=21,
        command="This layer's changes",
    ),
    # what 1 and 2 do, in turn, for those who know the key from elsewhere
    Key("a,c", "scope", "", id="explorer.scope"),
    Key(
        "w",
        "size",
        "size",
        "Show what makes the image large, which bytes are dead and why, and what to change",
        id="explorer.size",
        rank=6,
    ),
    Key(
        "f",
        "dockerfile_line",
        "Dockerfile",
        "Go to the line of the Dockerfile that wrote the file, or made the layer",
        id="explorer.dockerfile-line",
        rank=115,
        line="f F",
        command="Dockerfile line",
    ),
    Key(
        "F",
        "dockerfile",
        "whole Dockerfile",
        "Show the Dockerfile with the cost of its lines",
        id="explorer.dockerfile",
    ),
    Key(
        "d",
        "diff",
        "diff",
        "Compare the file with its previous version, or the layer with the previous one",
        id="explorer.diff",
        rank=8,
        line="d D",
        command="Compare with previous",
    ),
    Key(
        "D",
        "mark",
        "mark",
        "Mark the layer; on another layer, compare the two",
        id="explorer.mark",
        command="Compare two layers",
    ),
    Key(
        "C",
        "compare_image",
        "other image",
        "Compare with another image: an archive here, a local one, or any reference",
        id="explorer.compare-image",
        rank=107,
        command="Compare with another image",
    ),
    Key(
        "x",
        "extract",
        "extract",
        "Write the file or folder, or from the layer list all files, into a local folder",
        id="explorer.extract",
        rank=10,
    ),
    HISTORY.at(12),
    Key(
        "A",
        "all_layers",
        "all layers",
        "Search all layers, also for what is hidden or gone: by the filter, or by the name under the cursor",
        id="explorer.all-layers",
        rank=105,
    ),
    QUIT.at(14),
    Key("left_square_bracket", "layer(-1)", "previous layer", "Go to the previous layer", id="explorer.layer-down"),
    Key(
        "right_square_bracket",
        "layer(1)",
        "layer",
        "Go to the next layer",
        id="explorer.layer-up",
        rank=130,
        line="[ ]",
        command="Next layer",
    ),
    Key(
        "i",
        "image_details",
        "image",
        "Show the details of the image, or of the chosen step",
        id="explorer.image",
        rank=160,
        command="Image details",
    ),
    Key("p", "switch", "platform", "Choose another platform or image of the source", id="explorer.switch", rank=163),
    Key(
        "r",
        "refresh",
        "refresh",
        "Open the image or the container again, as it is now",
        id="explorer.refresh",
        rank=165,
    ),
    Key("e", "empty_steps", "steps", "Show or hide the steps that made no layer", id="explorer.steps", rank=170),
    Key(
        "y",
        "copy",
        "copy",
        "Copy the path, or the digest of the layer, to the clipboard",
        id="explorer.copy",
        rank=180,
    ),
)
TYPED_SEARCH = Key(
    # no letter: those are typed into the filter
    "ctrl+l",
    "all_layers(True)",
    "all layers",
    "Search all layers, also for what is hidden or gone",
    id="explorer.all-layers-filter",
    rank=16,
    priority=True,
)
ALL_LAYERS_KEYS = (
    Key("enter,right,l", "choose", "open", "Open the file as the layer has it", id="all-layers.choose", rank=0),
    Key("t", "show_in_tree", "tree", "Go to the path in the tree of the layer", id="all-layers.tree", rank=10),
    Key("escape,left,h,A", "dismiss", "back", "Go back", id="all-layers.back", rank=20),
    QUIT.at(30),
)
SIZE_SO_FAR_KEYS = (
    Key("enter,right,l", "choose", "layer", "Go to the layer", id="size-so-far.choose", rank=0),
    Key("escape,left,h,w", "dismiss", "back", "Go back", id="size-so-far.back", rank=10),
    QUIT.at(20),
)
SIZE_SO_FAR_TABLE = (KeyGroup("Size so far", SIZE_SO_FAR_KEYS), KeyGroup("In any list", LineList.KEYS))
ALL_LAYERS_TABLE = (KeyGroup("All layers", ALL_LAYERS_KEYS), KeyGroup("In any list", LineList.KEYS))
EXPLORER_TABLE = (
    KeyGroup("Anywhere", (HELP.at(16), *FILES_KEYS, *EXPLORER_KEYS)),
    KeyGroup("In the layers", StepList.KEYS),
    KeyGroup("In the tree", FileTree.KEYS),
    KeyGroup("In any list", LineList.KEYS),
    KeyGroup("In the filter", (*FILTER_KEYS, TYPED_SEARCH)),
)


def legend(glyphs: Glyphs) -> tuple[tuple[str, str], ...]:
    """Return the titles and texts of the help that say what marks and bars mean."""
    live, dead = glyphs.eighths[-1] * 3, glyphs.dead * 3
    return (
        ("Marks", "+ added, ~ modified, - removed by the chosen layer"),
        ("Bars", f"{live} size, {dead} dead: hidden by a later layer, but still part of the image"),
        (
            "Trace",
            f"a cell for each layer: its mark, {glyphs.touched} a change below, {glyphs.untouched} none",
        ),
        ("Layers", f"{glyphs.marked} marked to compare, ! a warning or an error, ? rests on an incomplete layer"),
    )
