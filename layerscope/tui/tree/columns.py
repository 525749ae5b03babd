"""The columns of a file tree: those that have room beside the name, their widths, and the attributes of entries."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from layerscope.model.entries import FileEntry
from layerscope.text import mode_text

SHORTEST_NAME = 24
"""Cells of a line that the name has at least: columns that leave less are left out."""

_STEP = 5
"""The numbers that a trace with many layers shows are multiples of this one."""


class TreeColumn(NamedTuple):
    """A column after the name; the one of the lowest rank is left out first.

    The widths are in cells and include the space before the column. Of the columns that can grow to ``most``, the one
    of the highest rank does so first. ``name_share`` is the part of a line that the name has before this one grows, and
    ``name_most`` the part that a long name can have.
    A column that ``is_empty`` gives its room to the name, and one that ``yields`` some cells gives these
    where a name would be cut otherwise.
    """

    name: str
    title: str
    rank: int
    least: int
    most: int
    align: str = ">"
    name_share: float = 0.0
    name_most: float = 1.0
    is_empty: bool = False
    yields: int = 0


def fit_columns(columns: Iterable[TreeColumn], width: int, names: int = 0) -> Mapping[str, int]:
    """Return the width of each column for which a line has room, in order; the longest name has ``names`` cells."""
    kept = list(columns)
    while kept and width - sum(column.least for column in kept) < SHORTEST_NAME:
        kept.remove(min(kept, key=lambda column: column.rank))
    kept = [column for column in kept if not column.is_empty]
    widths = {column.name: column.least for column in kept}
    for column in sorted(kept, key=lambda column: -column.rank):
        name = max(SHORTEST_NAME, min(names, int(width * column.name_most)), int(width * column.name_share))
        room = width - sum(widths.values())
        widths[column.name] += max(0, min(room - name, column.most - column.least))
        widths[column.name] -= max(0, min(names - room, column.yields))
    return widths


class TraceLayers(NamedTuple):
    """The layers that have a cell in the trace, and whether layers before or after them have none."""

    layers: Sequence[int]
    is_cut_before: bool = False
    is_cut_after: bool = False


def trace_layers(layers: Sequence[int], chosen: int, cells: int) -> TraceLayers:
    """Return the layers around the chosen one for which a trace has cells."""
    cells = min(cells, len(layers))
    position = layers.index(chosen) if chosen in layers else len(layers) - 1
    start = max(0, min(position - cells // 2, len(layers) - cells))
    return TraceLayers(layers[start : start + cells], start > 0, start + cells < len(layers))


def trace_numbers(layers: Sequence[int], chosen: int) -> str:
    """Return the numbers above a trace, each ending above the cell of its layer; the chosen layer has one in any case.

    All layers have a number if each takes one cell, else the first, the last, and those between them in steps.
    """
    text = [" "] * len(layers)
    is_short = len(str(layers[-1] if layers else 0)) == 1
    stepped = [layer for layer in layers if is_short or not layer % _STEP]
    for layer in dict.fromkeys([*([chosen] if chosen in layers else []), *layers[-1:], *layers[:1], *stepped]):
        label = str(layer)
        start = layers.index(layer) + 1 - len(label)
        around = text[max(0, start - (not is_short)) : start + len(label) + (not is_short)]
        if start >= 0 and set(around) == {" "}:
            text[start : start + len(label)] = label
    return "".join(text)


def owner_text(entry: FileEntry) -> str:
    """Return the owner as ``root:root``, or the numbers where it is not root."""
    return ":".join("root" if number == 0 else str(number) for number in (entry.uid, entry.gid))


def time_text(mtime: int, form: str = "%Y-%m-%d %H:%M") -> str:
    """Return a time in UTC, or the number where no calendar has it."""
    try:
        return datetime.fromtimestamp(mtime, UTC).strftime(form)
    except (OverflowError, OSError, ValueError):
        return f"@{mtime}"


class Attribute(NamedTuple):
    """A column with an attribute of an entry; the width includes the space before it."""

    title: str
    width: int
    text: Callable[[FileEntry], str]


ATTRIBUTES = {
    "mode": Attribute("mode", 11, lambda entry: mode_text(entry.kind.letter, entry.mode)),
    "owner": Attribute("owner", 12, owner_text),
    "mtime": Attribute("modified", 17, lambda entry: time_text(entry.mtime) if entry.row is not None else ""),
    "layer": Attribute("layer", 6, lambda entry: str(entry.layer)),
}
