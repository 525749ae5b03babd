"""Finds the paths that a user names, and says where else they are."""

from layerscope.analysis.layered_tree import LayeredTree
from layerscope.analysis.path_history import holding_layers
from layerscope.errors import UsageError
from layerscope.text import path_bytes, printable_name


def known_node(tree: LayeredTree, path: str) -> int:
    """Return the node of a path that any layer knows; raises UsageError where none does."""
    node = tree.index.find(path_bytes(path))
    if node is None:
        raise UsageError(f"{_shown(path)} is in no layer of the image")
    return node


def present_node(tree: LayeredTree, path: str, layer: int) -> int:
    """Return the node of a path that is there after the layer.

    Raises UsageError, which names the layers that hold it.
    """
    node = known_node(tree, path)
    if not tree.is_present(node, layer):
        raise UsageError(f"{_shown(path)} is not there after layer {layer}: {_held_by(holding_layers(tree, node))}")
    return node


def _shown(path: str) -> str:
    return "/" + printable_name(path_bytes(path))


def _held_by(layers: tuple[int, ...]) -> str:
    if not layers:
        return "no layer holds it to its end"
    numbers = ", ".join(str(layer) for layer in layers)
    return f"layer {numbers} holds it" if len(layers) == 1 else f"layers {numbers} hold it"
