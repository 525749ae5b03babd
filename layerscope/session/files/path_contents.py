"""The file that a path leads to, as a program in a container would open it."""

from layerscope.analysis.tree.image_links import followed
from layerscope.errors import UsageError
from layerscope.model.entries import Kind
from layerscope.session.loaded_image import LoadedImage
from layerscope.session.lookup import present_node, typed_paths
from layerscope.text import path_text, printable_name

_WORDS = {
    Kind.DIR: "a directory",
    Kind.FIFO: "a named pipe",
    Kind.CHAR: "a character device",
    Kind.BLOCK: "a block device",
}


def file_at(loaded: LoadedImage, path: str, layer: int) -> int:
    """Return the occurrence of the regular file that a path leads to after the layer, through links of all kinds.

    Raises UsageError if there is none, or if it is not a regular file; it names the layers that hold the path.
    """
    tree = loaded.tree
    nodes = (followed(tree, layer, candidate) for candidate in typed_paths(path))
    node = next((node for node in nodes if node is not None), None)
    if node is None:
        # this raises, except for a link that leads nowhere
        node = present_node(loaded, path, layer)
    occurrence = tree.index.occurrence(node, layer)
    found, name = tree.linked(occurrence), printable_name(path_text(tree.index.path(node)))
    if found < 0:
        raise UsageError(f"{name} is a hard link whose target is not in the image")
    kind = tree.kind(found)
    if kind is Kind.SYMLINK:
        target = printable_name(tree.entry_of(found, node).link or b"")
        raise UsageError(f"{name} is a symlink to {target}, and leads nowhere after layer {layer}")
    if kind in _WORDS:
        way_out = ": layerscope tree lists it, layerscope extract writes it" if kind is Kind.DIR else ""
        raise UsageError(f"{name} is {_WORDS[kind]}, and has no content{way_out}")
    file = tree.file_behind(occurrence)
    if file < 0:
        raise UsageError(f"{name} is a hard link whose target is not in the image")
    return file
