"""Construction of the path index of an overlay, and of the columns that follow from others."""

from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import accumulate, chain, compress, count, islice, pairwise
from operator import add, ne

from layerscope.analysis.tree.change import GONE, ChangeKind
from layerscope.analysis.tree.overlay import VOID, Overlay
from layerscope.analysis.tree.path_index import PathIndex, size_key
from layerscope.model.columns import Ints, picked
from layerscope.model.entries import Kind

_LARGEST = (1 << 63) - 1


def subtree_ends(parents: Ints) -> Ints:
    """Return one past the last descendant of each node, given the parents of nodes in preorder."""
    ends = array("I", range(1, len(parents) + 1))
    last_children = dict(zip(islice(parents, 1, None), count(1)))
    # backwards, a folder comes after those below it, and its subtree ends where that of its last child does
    for folder, child in reversed(last_children.items()):
        ends[folder] = ends[child]
    return ends


def size_columns(sizes: Iterable[int]) -> tuple[Ints, dict[int, int]]:
    """Return sizes as a column, with those that do not fit by position."""
    sizes = list(sizes)
    try:
        return array("q", sizes), {}
    except OverflowError:
        return _split_columns(sizes)


def _split_columns(sizes: Iterable[int]) -> tuple[Ints, dict[int, int]]:
    column, large = array("q"), dict[int, int]()
    for position, size in enumerate(sizes):
        if -_LARGEST <= size <= _LARGEST:
            column.append(size)
        else:
            column.append(0)
            large[position] = size
    return column, large


_IS_CHANGE = bytes(change not in {ChangeKind.UNCHANGED, VOID} for change in range(256))
"""1 for each change, to translate a column."""

_NONE = -1
"""No occurrence."""


def build_path_index(overlay: Overlay) -> PathIndex:
    """Put the paths of an overlay in preorder, with their occurrences and the sizes of directories."""
    names, folders = overlay.ids.names(), overlay.ids.parents()
    order, ranks = _preorder(names, folders)
    parents = array("I", map(ranks.__getitem__, picked(folders, order)))
    names = list(picked(names, order))
    occurrences, firsts = _by_node(overlay, ranks)
    sizes, written, carried = _directory_sizes(overlay, folders, ranks, parents)
    size_keys = sorted(sizes)
    size_values, large_sizes = size_columns(map(sizes.__getitem__, size_keys))
    written_values, large_written = size_columns(map(written.__getitem__, size_keys))

    def position(occurrence: int) -> int:
        """Return the position of an occurrence of the overlay among those of its node."""
        node = ranks[overlay.paths[occurrence]]
        return occurrences.index(occurrence, firsts[node], firsts[node + 1])

    return PathIndex(
        parents=parents,
        ends=subtree_ends(parents),
        depths=_depths(parents),
        name_ends=array("I", map(add, accumulate(map(len, names)), count())),
        names=b"/".join(chain(names, (b"",))),
        firsts=firsts,
        layers=array("H", picked(overlay.layers, occurrences)),
        rows=array("i", picked(overlay.rows, occurrences)),
        changes=bytes(picked(overlay.changes, occurrences)),
        size_keys=array("Q", size_keys),
        size_values=size_values,
        written_values=written_values,
        carried_keys=array("Q", sorted(carried)),
        opaque=_opaque(overlay, occurrences),
        whiteouts=array("I", sorted(map(position, set(overlay.whiteouts)))),
        link_targets={position(link): position(target) for link, target in overlay.link_targets.items()},
        large_sizes=large_sizes,
        large_written=large_written,
    )


def _preorder(names: list[bytes], folders: Ints) -> tuple[list[int], Ints]:
    """Return the paths in preorder, and the position of each path there."""
    keys = _sort_keys(names, folders)
    order = sorted(range(len(keys)), key=keys.__getitem__)
    ranks = array("I", bytes(4 * len(order)))
    for rank, path in enumerate(order):
        ranks[path] = rank
    return order, ranks


def _sort_keys(names: list[bytes], parents: Ints) -> list[bytes]:
    """Return the paths with zero bytes in place of slashes.

    No name has one, and it sorts before every other: a folder comes directly before what is below it.
    """
    keys = [b""]
    for path in range(1, len(names)):
        parent = parents[path]
        keys.append(keys[parent] + b"\0" + names[path] if parent else names[path])
    return keys


def _depths(parents: Ints) -> Ints:
    below = {0: 1}
    for folder in dict.fromkeys(parents):
        below[folder] = below[parents[folder]] + (folder > 0)
    depths = array("H", map(below.__getitem__, parents))
    depths[0] = 0
    return depths


def _by_node(overlay: Overlay, ranks: Ints) -> tuple[list[int], Ints]:
    """Return the occurrences in the order of nodes, and the position of the first occurrence of each node."""
    nodes, changes = picked(ranks, overlay.paths), overlay.changes
    kept = list(range(len(changes)))
    # each path has one occurrence with nothing before it
    counts = array("I", [0]) + array("I", [1]) * len(ranks)
    for occurrence in compress(kept, map(_NONE.__ne__, overlay.befores)):
        counts[nodes[occurrence] + 1] += 1
    if VOID in changes:
        kept = [occurrence for occurrence in kept if changes[occurrence] != VOID]
        for node in compress(nodes, map(VOID.__eq__, changes)):
            counts[node + 1] -= 1
    kept.sort(key=nodes.__getitem__)
    return kept, array("I", accumulate(counts))


def _opaque(overlay: Overlay, occurrences: list[int]) -> Ints:
    """Return the positions of the occurrences that opaque whiteouts made and that nothing was written over."""
    if not overlay.opaque_runs:
        return array("I")
    opaque = bytearray(len(overlay.paths))
    for run in overlay.opaque_runs:
        opaque[run.start : run.stop] = b"\1" * len(run)
    hidden = (opaque[occurrence] and overlay.rows[occurrence] == GONE for occurrence in occurrences)
    return array("I", [position for position, is_hidden in enumerate(hidden) if is_hidden])


_Sizes = dict[int, int]


def _directory_sizes(overlay: Overlay, folders: Ints, ranks: Ints, parents: Ints) -> tuple[_Sizes, _Sizes, list[int]]:
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
        grown, wrote = _growth_by_folder(overlay, range(start, end), folders, ranks)
        _add_parents(grown, parents)
        if layer in carried:
            touched = set(grown)
            for node, growth in carried[layer]:
                grown[parents[node]] = grown.get(parents[node], 0) + growth
            _add_parents(grown, parents)
            carried_keys += [size_key(folder, layer) for folder in grown if folder not in touched]
        # Preorder puts a folder before everything below it, so that going backwards its sums are complete in time.
        for folder in sorted(grown, reverse=True):
            key, growth, size = size_key(folder, layer), grown[folder], wrote[folder]
            totals[folder] = sizes[key] = totals[folder] + growth
            written[key] = size
            if folder:
                above = parents[folder]
                grown[above] += growth
                wrote[above] += size
        start = end
    return sizes, written, carried_keys


def _growth_by_folder(
    overlay: Overlay, occurrences: range, folders: Ints, ranks: Ints
) -> tuple[_Sizes, defaultdict[int, int]]:
    """Return the content bytes by which one layer's occurrences grow each folder, without the folders below it.

    The second value are the bytes that they write there. A layer holds the files of a folder together, so that a run of
    them is added at once.
    """
    part = slice(occurrences.start, occurrences.stop)
    is_change = overlay.changes[part].translate(_IS_CHANGE)
    paths = list(compress(overlay.paths[part], is_change))
    if not paths:
        return {}, defaultdict(int)
    changed = picked(folders, paths)
    # GONE and IMPLIED, which are negative, are the last rows
    sizes = overlay.tables[overlay.layers[occurrences.start]].sizes + array("q", [0, 0])
    totals = list(accumulate(picked(sizes, list(compress(overlay.rows[part], is_change))), initial=0))
    starts = [0, *compress(count(1), map(ne, changed, changed[1:]))]
    wrote = defaultdict[int, int](int)
    for start, end in pairwise([*starts, len(paths)]):
        wrote[ranks[changed[start]]] += totals[end] - totals[start]
    grown = dict(wrote)
    befores = list(compress(overlay.befores[part], is_change))
    for folder, before in compress(zip(changed, befores, strict=True), map(_NONE.__ne__, befores)):
        if (old_row := overlay.rows[before]) >= 0:
            grown[ranks[folder]] -= overlay.tables[overlay.layers[before]].sizes[old_row]
    return grown, wrote


def _add_parents(grown: dict[int, int], parents: Ints) -> None:
    """Add the folders above those that grew, without a growth of their own."""
    for folder in list(grown):
        above = parents[folder]
        while above not in grown:
            grown[above] = 0
            above = parents[above]


CarriedSizes = Mapping[int, Sequence[tuple[int, int]]]
"""By layer: nodes of hard links, each with the content bytes that it takes over in that layer, or gives up."""


def carried_sizes(overlay: Overlay, ranks: Ints) -> CarriedSizes:
    """Return the bytes that hard links take over, given the node of each path of the overlay.

    Once the path of a file is gone, its bytes count at the first hard link to it that is present, by node.
    """
    groups: dict[int, list[int]] = {}
    for link, target in overlay.link_targets.items():
        table = overlay.tables[overlay.layers[target]]
        row = overlay.rows[target]
        if row >= 0 and table.kinds[row] == Kind.FILE and table.sizes[row]:
            groups.setdefault(target, []).append(link)
    if not groups:
        return {}
    following = {overlay.befores[hiding]: hiding for hiding in overlay.hiding_occurrences}
    carried: dict[int, list[tuple[int, int]]] = {}
    for file, links in groups.items():
        if file in following:
            size = overlay.tables[overlay.layers[file]].sizes[overlay.rows[file]]
            ends = {link: overlay.layers[following[link]] for link in links if link in following}
            nodes = {link: ranks[overlay.paths[link]] for link in links}
            starts = sorted((overlay.layers[link], nodes[link], link) for link in links)
            for layer, node, sign in _takeovers(overlay.layers[following[file]], starts, ends):
                carried.setdefault(layer, []).append((node, sign * size))
    return carried


def _takeovers(
    gone: int, starts: Sequence[tuple[int, int, int]], ends: Mapping[int, int]
) -> Iterator[tuple[int, int, int]]:
    """Yield the layer, the node, and 1 or -1 for each link that starts or ends to carry a file that is ``gone`` then.

    ``starts`` are the layer, the node and the occurrence of each link, by layer; ``ends`` the layers that hid them.
    """
    present: list[tuple[int, int]] = []
    waiting, carrier = list(reversed(starts)), None
    for layer in sorted({gone, *ends.values(), *(start for start, _, _ in starts)}):
        while waiting and waiting[-1][0] <= layer:
            _, node, link = waiting.pop()
            heappush(present, (node, link))
        while present and ends.get(present[0][1], layer + 1) <= layer:
            heappop(present)
        first = present[0] if present and layer >= gone else None
        if first != carrier:
            if carrier is not None:
                yield layer, carrier[0], -1
            if first is not None:
                yield layer, first[0], 1
            carrier = first
