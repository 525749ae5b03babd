"""The folders of an image for the map of the page: the largest ones, as many as a page can hold."""

from heapq import heappop, heappush
from typing import NotRequired, TypedDict

from layerscope.analysis.size.directories import DirectoryRow, DirectorySizes
from layerscope.text import printable_name

MOST_ITEMS = 6_000
"""The number of files and folders above which no more folders are opened."""

_MOST_CHILDREN = 60
"""The most items of one folder; the others are summed up as one."""


class MapItem(TypedDict):
    """A file or a folder: name, live bytes, dead bytes, live files, and the position ``p`` of its folder in the list.

    ``c`` marks a folder whose items are in the list, ``r`` the sum of several items. A list, rather than folders in
    folders, has no limit on their depth, neither here nor in a browser.
    """

    n: str
    s: int
    d: int
    f: int
    p: NotRequired[int]
    c: NotRequired[bool]
    r: NotRequired[bool]


def map_items(sizes: DirectorySizes, most: int = MOST_ITEMS) -> list[MapItem]:
    """Return the root and what is below it; large folders are opened before small ones."""
    root = sizes.row(0)
    items: list[MapItem] = [_item(root, "/")]
    pending = [(-root.size - root.dead, 0, 0)]
    while pending and len(items) <= most:
        _, folder, position = heappop(pending)
        items[position]["c"] = True
        rows = sizes.rows(folder)
        rows.sort(key=lambda row: (-row.size - row.dead, row.node))
        for row in rows[:_MOST_CHILDREN]:
            if row.is_directory:
                heappush(pending, (-row.size - row.dead, row.node, len(items)))
            items.append({**_item(row, printable_name(row.name)), "p": position})
        if len(rows) > _MOST_CHILDREN:
            items.append({**_sum(rows[_MOST_CHILDREN:]), "p": position, "r": True})
    return items


def _item(row: DirectoryRow, name: str) -> MapItem:
    return {"n": name, "s": row.size, "d": row.dead, "f": row.files}


def _sum(rows: list[DirectoryRow]) -> MapItem:
    """Return the sum of the smallest items; it comes last, whatever its size."""
    return {
        "n": f"{len(rows):,} more",
        "s": sum(row.size for row in rows),
        "d": sum(row.dead for row in rows),
        "f": sum(row.files for row in rows),
    }
