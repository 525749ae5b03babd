"""The tiles of the map of a folder: its largest entries, and one tile for all others."""

from layerscope.session.size.analysis import SizeAnalysis
from layerscope.text import human_size, plural
from layerscope.tui.size.lists.directories import directory_row
from layerscope.tui.size.lists.model import Subject
from layerscope.tui.size.state import Place, View
from layerscope.tui.size.treemap import Tile
from layerscope.tui.widgets.row_table import TableRow

_MOST_TILES = 60
"""The most entries with a tile of their own."""


def folder_tiles(analysis: SizeAnalysis, folder: int) -> list[Tile]:
    """Return the tiles of the entries right below a folder, in descending order of their sizes.

    Dead files take no room in the final image, so that they have no tile.
    """
    sizes = analysis.directories
    whole = sizes.size(folder)
    nodes = [node for node in sizes.nodes(folder) if sizes.size(node)]
    tiles = [
        Tile(sizes.size(node), directory_row(analysis, sizes.row(node), whole, whole, View.MAP))
        for node in nodes[:_MOST_TILES]
    ]
    rest = nodes[_MOST_TILES:]
    if rest:
        size, count = sum(map(sizes.size, rest)), plural(len(rest), "other entry", "other entries")
        place = Place(View.DIRECTORIES, folder)
        row = TableRow(
            (count,),
            subject=Subject(place=place),
            detail=f"{count} of {human_size(size)} in all; Enter lists the folder",
        )
        tiles.append(Tile(size, row))
        tiles.sort(key=lambda tile: -tile.size)
    return tiles
