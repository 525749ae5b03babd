"""Colors of changes on a terminal. Rich is imported only there: lines and documents do without it."""

from collections.abc import Mapping
from typing import TextIO

from layerscope.analysis.tree.change import ChangeKind

CHANGE_STYLES = {ChangeKind.ADDED: "green", ChangeKind.MODIFIED: "yellow", ChangeKind.REMOVED: "red"}
"""The Rich style of each kind of change. The marks ``+ ~ -`` say the same without color."""

_PLACEHOLDER = "\0"


def change_styles(file: TextIO) -> Mapping[ChangeKind, tuple[str, str]]:
    """Return the escape sequences around a line for each kind of change; empty unless the file is a color terminal."""
    styles = dict.fromkeys(ChangeKind, ("", ""))
    if not file.isatty():
        return styles
    from rich import color, console, style  # noqa: PLC0415  # 40 ms that output into a pipe need not pay

    screen = console.Console(file=file)
    if screen.color_system is None or screen.no_color:
        return styles
    for change, name in CHANGE_STYLES.items():
        styled = style.Style.parse(name).render(_PLACEHOLDER, color_system=color.ColorSystem.STANDARD)
        before, _, after = styled.partition(_PLACEHOLDER)
        styles[change] = (before, after)
    return styles
