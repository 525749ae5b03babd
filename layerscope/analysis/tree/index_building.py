"""Construction of the path index of an overlay."""

from array import array
from bisect import bisect_right
from collections import defaultdict
from itertools import accumulate, chain, count
from operator import add

from layerscope.analysis.tree.carried_sizes import carried_sizes
from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.occurrence import GONE
from layerscope.analysis.tree.overlay import VOID, Overlay
from layerscope.analysis.tree.path_index import PathIndex, size_columns, size_key, subtree_ends
from layerscope.model.columns import Ints

_NO_CHANGES = frozenset({int(ChangeKind.UNCHANGED), VOID})


def build_path_index(overlay: Overlay) -> PathIndex:
    """Put the paths of an overlay in preorder, with their occurrences and the sizes of directories."""
    paths = list(overlay.ids)
    # No name holds a zero byte, and it sorts before every other: a folder comes directly before what is below it.
    keys = [path.replace(b"/", b"\0") for path in paths]
    order = sorted(range(len(paths)), key=keys.__getitem__)
    del keys
    ranks = array("I", bytes(4 * len(order)))
    for rank, path in enumerate(order):
        ranks[path] = rank
    parents = array("I", [ranks[overlay.parents[path]] for path in order])
    names = [paths[path].rpartition(b"/")[2] for path in order]
    occurrences, firsts = _by_node(overlay, ranks)
    sizes, written, carried = _directory_sizes(overlay, ranks, parents)
    size_keys = sorted(sizes)
    size_values, large_sizes = size_columns(map(sizes.__getitem__, size_keys))
    written_values, large_written = size_columns(map(written.__getitem__, size_keys))
    return PathIndex(
        parents=parents,
        ends=subtree_ends(parents),
        depths=_depths(parents),
        name_ends=array("I", map(add, accumulate(map(len, names)), count())),
        names=b"/".join(chain(names, (b"",))),
        firsts=firsts,
        layers=array("H", map(overlay.layers.__getitem__, occurrences)),
        rows=array("i", map(overlay.rows.__getitem__, occurrences)),
        changes=bytes(map(overlay.changes.__getitem__, occurrences)),
        size_keys=array("Q", size_keys),
        size_values=size_values,
        written_values=written_values,
        carried_keys=array("Q", sorted(carried)),
        opaque=_opaque(overlay, occurrences),
        whiteouts=_whiteouts(overlay, occurrences),
        link_targets=_link_targets(overlay, occurrences),
        large_sizes=large_sizes,
        large_written=large_written,
    )


def _depths(parents: Ints) -> Ints:
    depths = array("H", [0])
    add = depths.append
    for node in range(1, len(parents)):
        add(depths[parents[node]] + 1)
    return depths


def _by_node(overlay: Overlay, ranks: Ints) -> tuple[list[int], Ints]:
    """Return the occurrences in the order of nodes, and the position of the first occurrence of each node."""
    nodes = [ranks[path] for path in overlay.paths]
    kept = [occurrence for occurrence, change in enumerate(overlay.changes) if change != VOID]
    counts = array("I", bytes(4 * (len(ranks) + 1)))
    for occurrence in kept:
        counts[nodes[occurrence] + 1] += 1
    kept.sort(key=nodes.__getitem__)
    return kept, array("I", accumulate(counts))


def _link_targets(overlay: Overlay, occurrences: list[int]) -> dict[int, int]:
    """Return the targets of hard links by their positions among the occurrences in the order of nodes."""
    if not overlay.link_targets:
        return {}
    positions = {occurrence: position for position, occurrence in enumerate(occurrences)}
    return {positions[link]: positions[target] for link, target in overlay.link_targets.items()}


def _opaque(overlay: Overlay, occurrences: list[int]) -> Ints:
    """Return the positions of the occurrences that opaque whiteouts made and that nothing was written over."""
    if not overlay.opaque_runs:
        return array("I")
    opaque = bytearray(len(overlay.paths))
    for run in overlay.opaque_runs:
        opaque[run.start : run.stop] = b"\1" * len(run)
    hidden = (opaque[occurrence] and overlay.rows[occurrence] == GONE for occurrence in occurrences)
    return array("I", [position for position, is_hidden in enumerate(hidden) if is_hidden])


def _whiteouts(overlay: Overlay, occurrences: list[int]) -> Ints:
    """Return the positions of the occurrences that whiteouts of their own paths made."""
    if not overlay.whiteouts:
        return array("I")
    made = set(overlay.whiteouts)
    return array("I", [position for position, occurrence in enumerate(occurrences) if occurrence in made])


_Sizes = dict[int, int]


def _directory_sizes(overlay: Overlay, ranks: Ints, parents: Ints) -> tuple[_Sizes, _Sizes, list[int]]:
    """Return the content bytes below each directory, by node and layer, for each layer that changed them.

    The second value are the bytes that the layer itself wrote there, the third the keys of layers that touched nothing
    below the directory.
    """
    totals = [0] * len(ranks)
    sizes: _Sizes = {}
    written: _Sizes = {}
    carried_keys: list[int] = []
    carried = carried_sizes(overlay, ranks)
    start = 0
    while start < len(overlay.layers):
        layer = overlay.layers[start]
        end = bisect_right(overlay.layers, layer, start)
        grown, wrote = _growth_by_folder(overlay, range(start, end), ranks)
        _add_parents(grown, parents)
        if layer in carried:
            touched = set(grown)
            for node, growth in carried[layer]:
                grown[parents[node]] = grown.get(parents[node], 0) + growth
            _add_parents(grown, parents)
            carried_keys += [size_key(folder, layer) for folder in grown if folder not in touched]
        # Preorder puts a folder before everything below it, so that going backwards its sums are complete in time.
        for folder in sorted(grown, reverse=True):
            key = size_key(folder, layer)
            totals[folder] += grown[folder]
            sizes[key], written[key] = totals[folder], wrote.get(folder, 0)
            if folder:
                grown[parents[folder]] += grown[folder]
                wrote[parents[folder]] = wrote.get(parents[folder], 0) + written[key]
        start = end
    return sizes, written, carried_keys


def _growth_by_folder(overlay: Overlay, occurrences: range, ranks: Ints) -> tuple[_Sizes, _Sizes]:
    """Return the content bytes by which one layer's occurrences grow each folder, without the folders below it.

    The second value are the bytes that they write there.
    """
    rows, layers, tables, folders = overlay.rows, overlay.layers, overlay.tables, overlay.parents
    wrote, shrunk = defaultdict[int, int](int), defaultdict[int, int](int)
    sizes = tables[layers[occurrences.start]].sizes
    part = slice(occurrences.start, occurrences.stop)
    columns = overlay.paths[part], overlay.changes[part], rows[part], overlay.befores[part]
    for path, change, row, before in zip(*columns, strict=True):
        if change in _NO_CHANGES:
            continue
        folder = folders[path]
        wrote[folder] += sizes[row] if row >= 0 else 0
        if before >= 0 and (old_row := rows[before]) >= 0:
            shrunk[folder] += tables[layers[before]].sizes[old_row]
    grown = {ranks[folder]: size - shrunk.get(folder, 0) for folder, size in wrote.items()}
    return grown, {ranks[folder]: size for folder, size in wrote.items()}


def _add_parents(grown: dict[int, int], parents: Ints) -> None:
    """Add the folders above those that grew, without a growth of their own."""
    for folder in list(grown):
        above = parents[folder]
        while above not in grown:
            grown[above] = 0
            above = parents[above]
