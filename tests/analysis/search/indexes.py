"""Path indexes of a few files."""

from layerscope.analysis.tree.index_building import build_path_index
from layerscope.analysis.tree.path_index import PathIndex
from tests.analysis.entries import file, layer, stacked


def index_of(*paths: str) -> PathIndex:
    encoded = [path.encode("utf-8", "surrogateescape") for path in paths]
    return build_path_index(stacked(layer(*(file(path) for path in map(_text, encoded)))).overlay)


def _text(path: bytes) -> str:
    return path.decode("utf-8")
