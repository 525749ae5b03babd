"""The layers that selected paths depend on, and that could not be read."""

from collections.abc import Iterable

from layerscope.session.loaded_image import LoadedImage


def unread_layers(loaded: LoadedImage, nodes: Iterable[int], layer: int) -> list[int]:
    """Return the layers up to ``layer`` that could not be read whole and may have changed one of the paths.

    A file is certain if the layer that wrote it, and all after it, were read; a folder only if all layers were.
    """
    unread = [number for number, tally in loaded.tallies.layers.items() if number <= layer and tally.error]
    first = min((_first_relevant(loaded, node, layer) for node in nodes), default=0) if unread else 0
    return [number for number in unread if number >= first]


def _first_relevant(loaded: LoadedImage, node: int, layer: int) -> int:
    if loaded.tree.is_directory(node, layer):
        return 0
    index = loaded.tree.index
    return index.layers[index.occurrence(node, layer)]
