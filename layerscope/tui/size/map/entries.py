"""The entries of a folder for the map: the largest ones, and one for all others."""

from typing import NamedTuple

from layerscope.session.size.analysis import SizeAnalysis
from layerscope.text import human_share, human_size, plural, printable_name
from layerscope.tui.size.lists.directories import directory_row
from layerscope.tui.size.lists.model import Subject
from layerscope.tui.size.state import Place, SizeView

_MOST_ENTRIES = 60
"""The most entries with a box of their own."""


class MapEntry(NamedTuple):
    """A file or folder with its live and dead bytes; ``node`` is None for the small entries of ``folder`` together."""

    node: int | None
    folder: int
    name: str
    live: int
    dead: int
    is_folder: bool = False

    @property
    def size(self) -> int:
        """All bytes."""
        return self.live + self.dead

    @property
    def key(self) -> int:
        """A number for the entry that no other entry of the image has; never 0."""
        return -1 - self.folder if self.node is None else self.node


def folder_entries(analysis: SizeAnalysis, folder: int) -> list[MapEntry]:
    """Return the entries right below a folder, the largest first, with the sum of the small ones."""
    sizes = analysis.directories
    nodes = sorted(sizes.nodes(folder), key=lambda node: (-sizes.size(node) - sizes.dead(node), node))
    entries = []
    for node in nodes[:_MOST_ENTRIES]:
        row = sizes.row(node)
        name = printable_name(row.name) + ("/" if row.is_directory else "")
        entries.append(MapEntry(node, folder, name, row.size, row.dead, row.is_directory))
    rest = nodes[_MOST_ENTRIES:]
    if rest:
        live, dead = sum(map(sizes.size, rest)), sum(map(sizes.dead, rest))
        entries.append(MapEntry(None, folder, plural(len(rest), "other entry", "other entries"), live, dead))
        entries.sort(key=lambda entry: -entry.size)
    return entries


def entry_subject(analysis: SizeAnalysis, entry: MapEntry) -> Subject:
    """Return what Enter opens: a folder as a map, a file, or the list of the small entries."""
    if entry.node is None:
        return Subject(place=Place(SizeView.DIRECTORIES, entry.folder or None))
    place = Place(SizeView.MAP, entry.node) if entry.is_folder else None
    return Subject(entry.node, analysis.tree.layers[-1], place=place)


def entry_detail(analysis: SizeAnalysis, entry: MapEntry) -> str:
    """Return what is said about an entry below the map."""
    whole = analysis.directories.size(0) + analysis.directories.dead(0)
    share = human_share(entry.size, whole)
    if entry.node is None:
        return f"{entry.name} of {human_size(entry.size)} in all, {share}; Enter lists the folder"
    return f"{directory_row(analysis, analysis.directories.row(entry.node), 1, 1).detail}; {share} of all bytes"
