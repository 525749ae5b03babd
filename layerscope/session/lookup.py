"""The layers and paths that a user names."""

from layerscope.analysis.tree.image_links import followed
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.path_history import holding_layers
from layerscope.errors import UsageError
from layerscope.model.image import Image
from layerscope.session.loaded_image import LoadedImage
from layerscope.text import path_bytes, plural, printable_name, typed_names


def layer_number(image: Image, number: int | None) -> int:
    """Return the number of a layer, by default of the last one; raises UsageError if there is no such layer."""
    count = len(image.layers)
    if number is None:
        return count
    if not 1 <= number <= count:
        raise UsageError(f"{image.reference} has no layer {number}: it has {plural(count, 'layer')}")
    return number


def typed_paths(path: str) -> list[bytes]:
    """Return the relative paths that a user may mean: the path as typed, then a path that is printed so."""
    return [path_bytes(name.decode("utf-8", "surrogateescape")) for name in typed_names(path)]


def known_node(loaded: LoadedImage, path: str, layer: int) -> int:
    """Return the node of a path that any layer holds; raises UsageError if none does.

    A path through symlinked folders, such as ``/bin/sh``, is resolved as they are after the layer.
    """
    tree, candidates = loaded.tree, typed_paths(path)
    for candidate in candidates:
        node = tree.index.find(candidate)
        if node is None:
            node = _through_links(tree, candidate, layer)
        if node is not None:
            return node
    is_whole = all(tally.error is None for tally in loaded.tallies.layers.values())
    layers = "no layer of the image" if is_whole else "no layer that could be read"
    raise UsageError(f"/{printable_name(candidates[0])} is in {layers}")


def _through_links(tree: LayeredTree, path: bytes, layer: int) -> int | None:
    """Return the node of a path whose folders are symlinks after the layer, or None if they lead to no such name."""
    parent, _, name = path.rpartition(b"/")
    folder = followed(tree, layer, parent)
    return None if folder is None else tree.index.child(folder, name)


def present_node(loaded: LoadedImage, path: str, layer: int) -> int:
    """Return the node of a path that exists after the layer, also through symlinked folders.

    Raises UsageError, which names the layers that hold the path.
    """
    tree, node = loaded.tree, known_node(loaded, path, layer)
    if not tree.is_present(node, layer):
        # the folder may have been replaced by a symlink whose target has the path
        through = _through_links(tree, tree.index.path(node), layer)
        if through is not None and tree.is_present(through, layer):
            return through
        name, layers = printable_name(tree.index.path(node)), holding_layers(tree, node)
        raise UsageError(f"/{name} does not exist after layer {layer}: {_held_by(layers)}")
    return node


def _held_by(layers: tuple[int, ...]) -> str:
    if not layers:
        return "no layer holds it to its end"
    numbers = ", ".join(str(layer) for layer in layers)
    return f"layer {numbers} holds it" if len(layers) == 1 else f"layers {numbers} hold it"
