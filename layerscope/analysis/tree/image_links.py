"""Follows a path as the image's own file system would: through its symlinks, and never out of it."""

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.overlay import GONE
from layerscope.model.entries import Kind

_MOST_LINKS = 40
"""As in Linux: a path that leads through more symlinks leads nowhere."""

_LONGEST_TARGET = 4096
"""Bytes of a link's target that are followed, as in Linux."""


def followed(tree: LayeredTree, layer: int, path: bytes, *, last: bool = True) -> int | None:
    """Return the node that a path leads to in the merged tree at the layer, or None where it leads nowhere.

    Absolute targets and ``..`` stay below the image's root. With ``last`` false, a symlink at the very end is returned
    itself.
    """
    node, links = 0, 0
    ahead = path.split(b"/")[::-1]
    while ahead:
        part = ahead.pop()
        if not part or part == b".":
            continue
        if part == b"..":
            node = tree.index.parents[node]
            continue
        child = tree.index.child(node, part) if tree.is_directory(node, layer) else None
        if child is None or not tree.is_present(child, layer):
            return None
        target = _target(tree, tree.index.occurrence(child, layer)) if ahead or last else None
        if target is None:
            node = child
            continue
        links += 1
        if links > _MOST_LINKS or len(target) > _LONGEST_TARGET:
            return None
        node = 0 if target.startswith(b"/") else node
        ahead += target.split(b"/")[::-1]
    return node


def hard_linked(tree: LayeredTree, occurrence: int) -> int | None:
    """Return the occurrence that a hard link is another name of, whatever that is; None where it is not in the image.

    What is no hard link is returned as it is.
    """
    index, links = tree.index, 0
    while tree.kind(occurrence) is Kind.HARDLINK:
        layer = index.layers[occurrence]
        node = index.find(tree.tables[layer].link(index.rows[occurrence]) or b"")
        links += 1
        if node is None or links > _MOST_LINKS:
            return None
        occurrence = index.occurrence(node, layer)
        if occurrence >= 0 and index.rows[occurrence] == GONE and index.layers[occurrence] == layer:
            # what its own layer hides is still there for it
            occurrence -= 1
        if occurrence < index.firsts[node] or index.rows[occurrence] == GONE:
            return None
    return occurrence


def _target(tree: LayeredTree, occurrence: int) -> bytes | None:
    """Return where a symlink leads, or another name of one; None for what is no symlink."""
    found = hard_linked(tree, occurrence)
    if found is None or tree.kind(found) is not Kind.SYMLINK:
        return None
    return tree.tables[tree.index.layers[found]].link(tree.index.rows[found]) or b""
