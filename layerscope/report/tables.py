"""How tables and colours get onto a screen, or into a pipe as plain text."""

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

from layerscope.analysis.tree.change import ChangeKind

if TYPE_CHECKING:
    from rich.console import RenderableType

CHANGE_STYLES = {ChangeKind.ADDED: "green", ChangeKind.MODIFIED: "yellow", ChangeKind.REMOVED: "red"}
"""The colours of changes; the marks tell them without colour."""

_ANY_WIDTH = 1_000_000
_PLACE = "\0"


def screen_width(file: TextIO) -> int | None:
    """Return how wide the terminal is, or None where the file is none."""
    from rich.console import Console  # noqa: PLC0415  # 40 ms that documents need not pay

    return Console(file=file).width if file.isatty() else None


def show(renderable: "RenderableType", file: TextIO) -> None:
    """Print for people: as wide as the terminal, and in a pipe as wide as it takes, in plain text."""
    from rich.console import Console  # noqa: PLC0415

    if file.isatty():
        Console(file=file, highlight=False).print(renderable)
    else:
        file.write(plain_text(renderable))


def plain_text(renderable: "RenderableType", width: int | None = None) -> str:
    """Return what a screen of that width would show, by default one that is as wide as it takes, without colours."""
    from rich.console import Console  # noqa: PLC0415
    from rich.measure import Measurement  # noqa: PLC0415

    console = Console(file=io.StringIO(), width=_ANY_WIDTH, color_system=None, force_terminal=False, highlight=False)
    console.width = width or Measurement.get(console, console.options, renderable).maximum or 1
    with console.capture() as captured:
        console.print(renderable)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def change_styles(file: TextIO) -> Mapping[ChangeKind, tuple[str, str]]:
    """Return what to write before and after a line that tells of a change: colours on a terminal, else nothing."""
    styles = dict.fromkeys(ChangeKind, ("", ""))
    if not file.isatty():
        return styles
    from rich.color import ColorSystem  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.style import Style  # noqa: PLC0415

    console = Console(file=file)
    if console.color_system is None or console.no_color:
        return styles
    for change, name in CHANGE_STYLES.items():
        before, _, after = Style.parse(name).render(_PLACE, color_system=ColorSystem.STANDARD).partition(_PLACE)
        styles[change] = (before, after)
    return styles
