"""The folders of an image for a map that can be walked: as much of them as a page can carry, the heaviest first."""

from heapq import heapify, heappop, heappush
from typing import NotRequired, TypedDict

from layerscope.analysis.size.directories import DirectoryRow, DirectorySizes
from layerscope.text import printable_name

MOST_ITEMS = 6_000
"""So many files and folders are in the page, in all."""

_MOST_CHILDREN = 60
"""So many of one folder; the others stand together as one."""


class MapItem(TypedDict):
    """A file or a folder: name, live and dead bytes, live files, and what is in it.

    Without ``c`` it is a file, or a folder too light to be opened; ``r`` marks what stands for several.
    """

    n: str
    s: int
    d: int
    f: int
    c: NotRequired[list["MapItem"]]
    r: NotRequired[bool]


def map_items(sizes: DirectorySizes, most: int = MOST_ITEMS) -> MapItem:
    """Return the root with what is in it; heavy folders are opened before light ones."""
    root = _item(sizes.row(0), "/")
    waiting = [(-sizes.row(0).size - sizes.row(0).dead, 0, root)]
    heapify(waiting)
    count = 0
    while waiting and count < most:
        _, folder, item = heappop(waiting)
        rows = sizes.rows(folder)
        rows.sort(key=lambda row: (-row.size - row.dead, row.node))
        children = item["c"] = []
        for row in rows[:_MOST_CHILDREN]:
            child = _item(row, printable_name(row.name))
            children.append(child)
            if row.is_directory:
                heappush(waiting, (-row.size - row.dead, row.node, child))
        if len(rows) > _MOST_CHILDREN:
            children.append(_rest(rows[_MOST_CHILDREN:]))
        count += len(children)
    return root


def _item(row: DirectoryRow, name: str) -> MapItem:
    return {"n": name, "s": row.size, "d": row.dead, "f": row.files}


def _rest(rows: list[DirectoryRow]) -> MapItem:
    """Return what stands for the lightest; it comes last, whatever it weighs."""
    return {
        "n": f"{len(rows):,} more",
        "s": sum(row.size for row in rows),
        "d": sum(row.dead for row in rows),
        "f": sum(row.files for row in rows),
        "r": True,
    }
