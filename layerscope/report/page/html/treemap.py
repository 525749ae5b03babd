"""The folders of an image for the map of the page: the largest ones, as many as a page can hold."""

from heapq import heappop, heappush
from typing import NotRequired, TypedDict

from layerscope.analysis.size.directories import DirectoryRow, DirectorySizes
from layerscope.text import printable_name

MOST_ITEMS = 6_000
"""The most files and folders in the page."""

_MOST_CHILDREN = 60
"""The most items of one folder; the others are summed up as one."""


class MapItem(TypedDict):
    """A file or a folder: name, live bytes, dead bytes, live files, and children.

    Without ``c`` it is a file, or a folder too small to be opened; ``r`` marks the sum of several items.
    """

    n: str
    s: int
    d: int
    f: int
    c: NotRequired[list["MapItem"]]
    r: NotRequired[bool]


def map_items(sizes: DirectorySizes, most: int = MOST_ITEMS) -> MapItem:
    """Return the root with its children; large folders are opened before small ones."""
    root = _item(sizes.row(0), "/")
    pending = [(-sizes.row(0).size - sizes.row(0).dead, 0, root)]
    count = 0
    while pending and count < most:
        _, folder, item = heappop(pending)
        rows = sizes.rows(folder)
        rows.sort(key=lambda row: (-row.size - row.dead, row.node))
        children = item["c"] = []
        for row in rows[:_MOST_CHILDREN]:
            child = _item(row, printable_name(row.name))
            children.append(child)
            if row.is_directory:
                heappush(pending, (-row.size - row.dead, row.node, child))
        if len(rows) > _MOST_CHILDREN:
            children.append(_rest(rows[_MOST_CHILDREN:]))
        count += len(children)
    return root


def _item(row: DirectoryRow, name: str) -> MapItem:
    return {"n": name, "s": row.size, "d": row.dead, "f": row.files}


def _rest(rows: list[DirectoryRow]) -> MapItem:
    """Return the sum of the smallest items; it comes last, whatever its size."""
    return {
        "n": f"{len(rows):,} more",
        "s": sum(row.size for row in rows),
        "d": sum(row.dead for row in rows),
        "f": sum(row.files for row in rows),
        "r": True,
    }
