"""The styles that views draw lines with."""

import pytest
from textual.color import Color
from textual.style import Style
from textual.theme import BUILTIN_THEMES, Theme

from layerscope.tui.app import DARK, LIGHT
from layerscope.tui.size.overview import Overview
from layerscope.tui.widgets.line_list import LineList
from layerscope.tui.widgets.row_view import RowView
from layerscope.tui.widgets.strip_view import StripView

THEMES = (DARK, LIGHT, *BUILTIN_THEMES.values())


@pytest.mark.parametrize("view", [LineList, RowView, Overview])
@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_every_theme_has_the_colours_of_each_style(view: type[StripView], theme: Theme) -> None:
    variables = theme.to_color_system().generate() | theme.variables
    styles = view.STYLES | view.ANSI_STYLES if theme.ansi else view.STYLES
    assert all(Style.parse(style, variables) or not style for style in styles.values())


@pytest.mark.parametrize("view", [LineList, RowView, Overview])
def test_a_style_for_the_colours_of_the_terminal_takes_the_place_of_another(view: type[StripView]) -> None:
    assert view.ANSI_STYLES.keys() <= view.STYLES.keys()


@pytest.mark.parametrize("name", ["added", "modified", "removed"])
def test_changes_can_be_read_under_the_cursor_of_the_light_theme(name: str) -> None:
    variables = LIGHT.to_color_system().generate() | LIGHT.variables
    cursor, text = (Style.parse(LineList.STYLES[style], variables) for style in ("cursor", name))
    assert cursor.background is not None
    assert text.foreground is not None
    background = Color.parse(variables["background"]) + cursor.background
    lighter, darker = (_luminance(color) + 0.05 for color in (background, text.foreground))
    assert lighter / darker >= 4.5, "what WCAG asks for"


def _luminance(color: Color) -> float:
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
