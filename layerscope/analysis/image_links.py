"""Follows a path as the image's own file system would: through its symlinks, and never out of it."""

from layerscope.analysis.layered_tree import LayeredTree
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
        if tree.kind(tree.index.occurrence(child, layer)) is not Kind.SYMLINK or not (ahead or last):
            node = child
            continue
        target = _target(tree, child, layer)
        links += 1
        if links > _MOST_LINKS or len(target) > _LONGEST_TARGET:
            return None
        node = 0 if target.startswith(b"/") else node
        ahead += target.split(b"/")[::-1]
    return node


def _target(tree: LayeredTree, node: int, layer: int) -> bytes:
    occurrence = tree.index.occurrence(node, layer)
    return tree.tables[tree.index.layers[occurrence]].link(tree.index.rows[occurrence]) or b""
