"""The steps of two images side by side."""

from layerscope.analysis.comparison.cache_story import WRONG_DIGEST
from layerscope.analysis.comparison.layer_alignment import AlignedStep, Relation
from layerscope.comparison.compare import ImageComparison
from layerscope.comparison.filtered import FilteredComparison
from layerscope.report.layers.summary import printable_title
from layerscope.report.tables import LEAST_INSTRUCTION, Grid, GridColumn, Line, instruction_line
from layerscope.session.loaded_image import LoadedImage
from layerscope.text import human_size

_NO_LAYER = "·"
_STYLES = {
    Relation.SAME: "dim",
    Relation.CHANGED: "yellow",
    Relation.ONLY_OLD: "red",
    Relation.ONLY_NEW: "green",
}


_COLUMNS = (
    GridColumn("from", is_right=True),
    GridColumn("content", is_right=True, is_optional=True),
    GridColumn("to", is_right=True),
    GridColumn("content", is_right=True, is_optional=True),
    GridColumn("relation"),
    GridColumn("instruction", is_flexible=True, least=LEAST_INSTRUCTION),
)


def aligned_table(view: FilteredComparison) -> Grid:
    """Return a row for each layer, and for each step without one that differs between the images."""
    grid, images = Grid(*_COLUMNS), view.images
    for step in images.alignment.steps if images else ():
        if images is not None and (step.old_layer or step.new_layer or step.relation is not Relation.SAME):
            grid.add_row(
                _number(step.old_layer),
                _content(view.old, step.old_layer),
                _number(step.new_layer),
                _content(view.new, step.new_layer),
                Line(_relation_words(step, images), _STYLES[step.relation]),
                instruction_line(printable_title(step.title)),
            )
    return grid


def _number(layer: int | None) -> str:
    return _NO_LAYER if layer is None else str(layer)


def _content(loaded: LoadedImage, layer: int | None) -> str:
    return human_size(loaded.tallies.layers[layer].content_size) if layer else ""


_RELATIONS = {Relation.ONLY_OLD: "only in old", Relation.ONLY_NEW: "only in new"}


def _relation_words(step: AlignedStep, images: ImageComparison) -> str:
    """Return how the two steps are related; a layer that was rebuilt may have the same content."""
    if step.relation is Relation.CHANGED and images.rebuilt.get(step):
        return "rebuilt, same content"
    if step.relation is Relation.SAME and step in images.rebuilt:
        return WRONG_DIGEST
    return _RELATIONS.get(step.relation, step.relation.value)
