"""Text that has to fit into so many cells of the screen."""

from rich.cells import cell_len, set_cell_size

from layerscope.tui.drawing.glyphs import Glyphs


def cut(text: str, width: int, glyphs: Glyphs) -> str:
    """Return the text, cut at its end to fit the width, and marked as cut."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(0, width - len(glyphs.ellipsis))) + glyphs.ellipsis[: max(0, width)]


def padded(text: str, width: int, glyphs: Glyphs) -> str:
    """Return the text cut or padded to exactly the width."""
    text = cut(text, width, glyphs)
    return text + " " * (width - cell_len(text))
