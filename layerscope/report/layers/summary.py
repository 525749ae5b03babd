"""An image in one line, and what to call its layers."""

from layerscope.analysis.tree.tally import Tallies
from layerscope.model.image import Image
from layerscope.session.summary import dead_words, engine_words, size_words
from layerscope.text import printable_line, printable_name

_SEPARATOR = " · "
_LONGEST_TITLE = 2_000
"""An instruction may hold a script of 1 MB; tables show its start, JSON documents hold all of it."""


def image_summary(image: Image, tallies: Tallies) -> str:
    """Return the image in one line.

    ``my-app:v1 · linux/amd64 · 402 MB in 4 layers (170 MB to pull) · 98 MB dead, 24 %``
    """
    return _SEPARATOR.join([printable_name(image.name), image_facts(image, tallies)])


def image_facts(image: Image, tallies: Tallies) -> str:
    """Return the summary without the name of the image."""
    parts = (printable_line(str(image.platform)), engine_words(image), size_words(image, tallies), dead_words(tallies))
    return _SEPARATOR.join(part for part in parts if part)


def layer_title(image: Image, layer: int) -> str:
    """Return the instruction of a layer as one line, safe for a screen, or a comment or remark in its place."""
    return printable_title(image.step(layer).title)


def printable_title(title: str) -> str:
    """Return the title of a step as one line that is safe for a screen; a very long one is cut."""
    line = printable_line(title[: _LONGEST_TITLE + 1])
    return line if len(line) <= _LONGEST_TITLE else line[: _LONGEST_TITLE - 1] + "…"
