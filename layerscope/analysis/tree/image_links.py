"""Paths as the image's own file system resolves them: through its symlinks, and never out of it."""

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.entries import Kind

_MOST_LINKS = 40
"""The limit of Linux: a path that leads through more symlinks leads nowhere."""

_LONGEST_TARGET = 4096
"""The longest target of a symlink that is followed, in bytes, as in Linux."""


class ImagePaths:
    """The paths of the merged tree at one layer; steps that were taken once are remembered."""

    def __init__(self, tree: LayeredTree, layer: int) -> None:
        self._tree = tree
        self._layer = layer
        self._steps: dict[tuple[int, bytes], tuple[int, bytes | None]] = {}

    def node(self, path: bytes) -> int | None:
        """Return the node that a path leads to, or None if it leads nowhere.

        Absolute targets and ``..`` stay below the image's root.
        """
        node, name = self._followed(path)
        return node if name is None else None

    def gap(self, path: bytes) -> tuple[int, bytes] | None:
        """Return the folder and the name, missing in it, at which a path ends to lead anywhere; None if it does."""
        node, name = self._followed(path)
        return None if name is None else (node, name)

    def _followed(self, path: bytes) -> tuple[int, bytes | None]:
        node, links = 0, 0
        ahead = path.split(b"/")[::-1]
        while ahead:
            part = ahead.pop()
            if not part or part == b".":
                continue
            if part == b"..":
                node = self._tree.index.parents[node]
                continue
            step = self._steps.get((node, part)) or self._step(node, part)
            if step is None:
                return node, part
            child, target = step
            if target is None:
                node = child
                continue
            links += 1
            if links > _MOST_LINKS or len(target) > _LONGEST_TARGET:
                return node, part
            node = 0 if target.startswith(b"/") else node
            ahead += target.split(b"/")[::-1]
        return node, None

    def _step(self, folder: int, name: bytes) -> tuple[int, bytes | None] | None:
        """Return the node of a name in a folder, with its target if it is a symlink, or None if it does not exist."""
        tree = self._tree
        child = tree.index.child(folder, name) if tree.is_directory(folder, self._layer) else None
        if child is None or not tree.is_present(child, self._layer):
            return None
        step = self._steps[folder, name] = child, _target(tree, tree.index.occurrence(child, self._layer))
        return step


def followed(tree: LayeredTree, layer: int, path: bytes) -> int | None:
    """Return the node that a path leads to in the merged tree at the layer, as `ImagePaths.node` does."""
    return ImagePaths(tree, layer).node(path)


def _target(tree: LayeredTree, occurrence: int) -> bytes | None:
    """Return the target of a symlink or of a hard link to one; None for every other kind."""
    named = tree.linked(occurrence)
    if named < 0 or tree.kind(named) is not Kind.SYMLINK:
        return None
    return tree.tables[tree.index.layers[named]].link(tree.index.rows[named]) or b""
