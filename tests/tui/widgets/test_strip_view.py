"""The styles that views draw lines with."""

import pytest
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
