"""The key table of the Dockerfile view."""

from layerscope.tui.keys.shared import HELP, QUIT
from layerscope.tui.keys.table import Key, KeyGroup
from layerscope.tui.widgets.line_list import LineList

DOCKERFILE_KEYS = (
    HELP,
    Key("escape,F", "dismiss", "back", "Go back to the explorer", id="dockerfile.back", rank=10),
    Key(
        "enter,right,l",
        "choose",
        "layer",
        "Go to the layer that the line made; unfold or fold the layers of the base image",
        id="dockerfile.choose",
        rank=20,
    ),
    Key("left,h", "fold", "fold", "Fold the layers of the base image, or go back", id="dockerfile.fold"),
    Key(
        "f",
        "origin",
        "origin",
        "From COPY --from, go to the line that wrote the files",
        id="dockerfile.origin",
        rank=30,
    ),
    Key(
        "m",
        "mark",
        "what if",
        "Mark the line: merged with the layer below its own, dropped, or neither; see what the image would cost",
        id="dockerfile.mark",
        rank=35,
    ),
    QUIT.at(40),
)
DOCKERFILE_TABLE = (KeyGroup("The Dockerfile", DOCKERFILE_KEYS), KeyGroup("In any list", LineList.KEYS))
