"""The legend of the explorer's help: what its marks and bars mean."""

from layerscope.tui.drawing.glyphs import Glyphs


def legend(glyphs: Glyphs) -> tuple[tuple[str, str], ...]:
    """Return titles and texts."""
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
