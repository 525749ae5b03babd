"""The layers and paths that a user names."""

from layerscope.analysis.tree.image_links import followed
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.path_history import holding_layers
from layerscope.errors import UsageError
from layerscope.model.image import Image
from layerscope.text import path_bytes, plural, printable_name


def layer_number(image: Image, number: int | None) -> int:
    """Return the number of a layer, by default of the last one; raises UsageError if there is no such layer."""
    count = len(image.layers)
    if number is None:
        return count
    if not 1 <= number <= count:
        raise UsageError(f"{image.reference} has no layer {number}: it has {plural(count, 'layer')}")
    return number


def known_node(tree: LayeredTree, path: str, layer: int | None = None) -> int:
    """Return the node of a path that any layer holds; raises UsageError if none does.

    A path through symlinked folders, such as ``/bin/sh``, is resolved as they are after the layer.
    """
    wanted = path_bytes(path)
    node = tree.index.find(wanted)
    if node is None and layer is not None:
        node = _through_links(tree, wanted, layer)
    if node is None:
        raise UsageError(f"{_shown(wanted)} is in no layer of the image")
    return node


def _through_links(tree: LayeredTree, path: bytes, layer: int) -> int | None:
    """Return the node of a path whose folders are symlinks after the layer, or None if they lead to no such name."""
    parent, _, name = path.rpartition(b"/")
    folder = followed(tree, layer, parent)
    return None if folder is None else tree.index.child(folder, name)


def present_node(tree: LayeredTree, path: str, layer: int) -> int:
    """Return the node of a path that exists after the layer, also through symlinked folders.

    Raises UsageError, which names the layers that hold the path.
    """
    node = known_node(tree, path, layer)
    if not tree.is_present(node, layer):
        # the folder may have been replaced by a symlink whose target has the path
        through = _through_links(tree, path_bytes(path), layer)
        if through is not None and tree.is_present(through, layer):
            return through
        name, layers = _shown(tree.index.path(node)), holding_layers(tree, node)
        raise UsageError(f"{name} does not exist after layer {layer}: {_held_by(layers)}")
    return node


def _shown(path: bytes) -> str:
    return "/" + printable_name(path)


def _held_by(layers: tuple[int, ...]) -> str:
    if not layers:
        return "no layer holds it to its end"
    numbers = ", ".join(str(layer) for layer in layers)
    return f"layer {numbers} holds it" if len(layers) == 1 else f"layers {numbers} hold it"
