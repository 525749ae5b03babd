"""Digests of the files that a size report compares, found by another process while this one builds the tree."""

from collections.abc import Generator, Iterator, Sequence
from typing import NamedTuple

from layerscope.analysis.size.duplicates import compared_files
from layerscope.analysis.tree.overlay import Overlay
from layerscope.model.columns import Buffer
from layerscope.model.content_facts import ContentFacts
from layerscope.model.image import Compression, Image, Layer
from layerscope.session.content.content_equality import compare
from layerscope.session.content.content_reader import ContentReader
from layerscope.session.content.open_layers import OpenLayers
from layerscope.session.loaded_image import sparse_sizes
from layerscope.session.reading.forked import ForkedWork
from layerscope.work import IsStopped, processes_at_once

_MANY = 20_000
"""Occurrences from which on building the tree takes so long that another process has something to gain."""


class _Files(NamedTuple):
    """The files of the ``plain`` layers of an image."""

    image: Image
    overlay: Overlay
    plain: frozenset[int]


def facts_ahead(image: Image, overlay: Overlay) -> Generator[tuple[Layer, ContentFacts]] | None:
    """Start a process that compares files of plain layers, and return the facts that it will have found.

    None for a small image, or where processes cannot work at the same time. The process ends once all facts have been
    taken, and when the generator is closed.
    """
    plain = frozenset(layer.number for layer in image.layers if layer.compression is Compression.NONE)
    if not plain or len(overlay.paths) < _MANY or processes_at_once() == 1:
        return None
    facts = _facts_of([_Files(image, overlay, plain)], image.layers)
    # the process works from its first message on
    next(facts, None)
    return facts


def _facts_of(files: list[_Files], layers: Sequence[Layer]) -> Generator[tuple[Layer, ContentFacts]]:
    with ForkedWork(_compared, files, 1) as work:
        # the overlay holds every path, and is of no use here once the tree is built
        files.clear()
        for _, message in work.messages(iter([0])):
            if message is not None:
                layer, facts = message
                yield layers[layer - 1], ContentFacts.unpacked(facts)


def _compared(files: _Files, is_stopped: IsStopped) -> Iterator[tuple[int, list[Buffer]]]:
    """Yield facts about the files of each plain layer, by its number; none for a start."""
    image, overlay, plain = files
    yield 1, ContentFacts().packed()
    layers = OpenLayers(image)
    reader = ContentReader(layers, overlay, overlay.tables, sparse_sizes(overlay.tables), is_stopped)
    compare(reader, [file for file in compared_files(overlay) if overlay.layers[file] in plain], {})
    # an archive of 250 kB can list one blob 65,535 times
    blobs = {layer.blob or layer.number: layer for layer in image.layers if layer.number in plain}
    for layer in blobs.values():
        yield layer.number, layers.known.facts(layer).packed()
