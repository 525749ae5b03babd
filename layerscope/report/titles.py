"""What a layer is called."""

from layerscope.model.image import Image
from layerscope.text import printable_line


def title_of(image: Image, layer: int) -> str:
    """Return the instruction of a layer in one line, safe for a screen."""
    return printable_line(image.step(layer).title)
