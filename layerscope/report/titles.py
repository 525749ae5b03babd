"""What a layer is called."""

from layerscope.model.image import Image, Step
from layerscope.text import printable_line


def title_of(image: Image, layer: int) -> str:
    """Return the instruction of a layer in one line, safe for a screen, or the best that there is in its place."""
    step = next((step for step in image.steps if step.layer == layer), Step(None))
    return printable_line(step.title)
