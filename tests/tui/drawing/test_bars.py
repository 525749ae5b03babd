"""Bars: as long as their share, in eighths of a cell, with the dead part last."""

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from layerscope.tui.drawing.bars import BarStyles, bar_segments
from layerscope.tui.drawing.glyphs import ASCII, UNICODE, Glyphs

STYLES = BarStyles(Style(color="blue"), Style(color="red"), Style(color="magenta"))


def drawn(live: float, dead: float = 0, width: int = 8, glyphs: Glyphs = UNICODE) -> list[Segment]:
    segments = [segment for segment in bar_segments(live, dead, width, glyphs, STYLES) if segment.text]
    assert sum(cell_len(segment.text) for segment in segments) == width
    return segments


def text(live: float, dead: float = 0, width: int = 8, glyphs: Glyphs = UNICODE) -> str:
    return "".join(segment.text for segment in drawn(live, dead, width, glyphs)).rstrip()


@pytest.mark.parametrize(
    ("share", "bar"), [(0, ""), (1, "████████"), (0.5, "████"), (0.53, "████▎"), (1 / 64, "▏"), (63 / 64, "███████▉")]
)
def test_a_bar_is_as_long_as_its_share(share: float, bar: str) -> None:
    assert text(share) == bar


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_a_very_small_share_has_the_least_bar_and_one_below_a_thousandth_none(glyphs: Glyphs) -> None:
    assert text(0.002, glyphs=glyphs) == glyphs.eighths[1]
    assert text(0, 0.002, glyphs=glyphs) == glyphs.eighths[1]
    assert text(0.0009, glyphs=glyphs) == ""
    assert text(0, 0.0009, glyphs=glyphs) == ""


def test_the_dead_part_follows_the_live_part() -> None:
    assert text(0.5, 0.5) == "████▒▒▒▒"
    assert text(0.25, 0.25 + 1 / 64) == "██▒▒▏"
    assert text(0, 1) == "▒▒▒▒▒▒▒▒"


def test_a_cell_in_which_both_parts_meet_has_both_colours() -> None:
    live, edge, dead = drawn(4.5 / 8, 3.5 / 8)
    assert (live.text, edge.text, dead.text) == ("████", "▌", "▒▒▒")
    assert edge.style == Style(color="blue", bgcolor="magenta")
    assert not any(segment.style.bgcolor for segment in drawn(4.5 / 8, 3.5 / 8, glyphs=ASCII) if segment.style)


def test_a_small_dead_part_does_not_hide_the_live_part() -> None:
    (segment, *_) = drawn(0.01, 0.002)
    assert segment == Segment("▏", STYLES.live)
    (segment, *_) = drawn(0.002, 0.01)
    assert segment == Segment("▏", STYLES.dead)
