"""Colors on a terminal. Rich is imported only there: output into a pipe does without it."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TextIO

from layerscope.analysis.tree.change import ChangeKind

if TYPE_CHECKING:
    from rich.console import Console

CHANGE_STYLES = {ChangeKind.ADDED: "green", ChangeKind.MODIFIED: "yellow", ChangeKind.REMOVED: "red"}
"""The Rich style of each kind of change. The marks ``+ ~ -`` say the same without color."""

_PLACEHOLDER = "\0"


def console_of(file: TextIO) -> "Console":
    """Return Rich's view of a terminal: its width and its colors."""
    from rich.console import Console  # noqa: PLC0415  # 40 ms that output into a pipe need not pay

    return Console(file=file)


def escapes(console: "Console", style: str) -> tuple[str, str]:
    """Return the escape sequences around a text in a style; NO_COLOR leaves bold and the like."""
    if console.color_system is None:
        return "", ""
    parsed = console.get_style(style.strip() or "none")
    parsed = parsed.without_color if console.no_color else parsed
    before, _, after = parsed.render(_PLACEHOLDER).partition(_PLACEHOLDER)
    return before, after


def change_styles(file: TextIO) -> Mapping[ChangeKind, tuple[str, str]]:
    """Return the escape sequences around a line for each kind of change; empty unless the file is a color terminal."""
    styles = dict.fromkeys(ChangeKind, ("", ""))
    if file.isatty():
        console = console_of(file)
        styles |= {change: escapes(console, style) for change, style in CHANGE_STYLES.items()}
    return styles


def write_colored(lines: Iterable[tuple[ChangeKind, str]], file: TextIO) -> None:
    """Write lines, each in the color of its kind of change."""
    styles = change_styles(file)
    for change, line in lines:
        before, after = styles[change]
        file.write(f"{before}{line}{after}\n")
