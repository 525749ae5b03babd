"""The steps of two images side by side."""

from rich.table import Table
from rich.text import Text

from layerscope.analysis.comparison.layer_alignment import AlignedStep, Relation
from layerscope.comparison.compare import ImageComparison
from layerscope.comparison.selected_diff import SelectedDiff
from layerscope.model.instruction import keyword_of
from layerscope.report.size.rows import figures
from layerscope.session.loaded_image import LoadedImage
from layerscope.text import human_size, printable_line

_NO_LAYER = "·"
_STYLES = {
    Relation.SAME: "dim",
    Relation.CHANGED: "yellow",
    Relation.ONLY_OLD: "red",
    Relation.ONLY_NEW: "green",
}


def aligned_table(view: SelectedDiff) -> Table:
    """Return a row for each layer, and for each step without one that is not the same in both."""
    table = figures("from", "content", "to", "content", last="relation")
    table.add_column("instruction")
    images = view.images
    for step in images.alignment.steps if images else ():
        if images is not None and (step.old_layer or step.new_layer or step.relation is not Relation.SAME):
            table.add_row(
                _number(step.old_layer),
                _content(view.old, step.old_layer),
                _number(step.new_layer),
                _content(view.new, step.new_layer),
                Text(_words(step, images), _STYLES[step.relation], no_wrap=True),
                _title(step),
            )
    return table


def _number(layer: int | None) -> str:
    return _NO_LAYER if layer is None else str(layer)


def _content(loaded: LoadedImage, layer: int | None) -> str:
    return human_size(loaded.tallies.layers[layer].content_size) if layer else ""


def _words(step: AlignedStep, images: ImageComparison) -> str:
    """Return how the two stand to each other; a layer that was built anew may still hold the same."""
    if step.relation is Relation.CHANGED and images.rebuilt.get(step):
        return "rebuilt, same content"
    return step.relation.value.replace("-", " ")


def _title(step: AlignedStep) -> Text:
    text = Text(printable_line(step.title), no_wrap=True, overflow="ellipsis")
    text.stylize("bold", 0, len(keyword_of(text.plain)))
    return text
