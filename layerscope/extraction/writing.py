"""Writes what was planned into an empty folder that nobody else knows."""

import os
import stat
from collections.abc import Callable, Iterable
from contextlib import closing
from itertools import groupby

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.errors import FormatError
from layerscope.extraction.confined import PRIVATE, ConfinedFolder
from layerscope.extraction.failure import ExtractionFailed, shown, telling
from layerscope.extraction.metadata import restore, restore_at
from layerscope.extraction.options import ExtractionOptions
from layerscope.extraction.plan import ExtractionPlan, PlannedFile
from layerscope.model.entries import FileEntry, Kind
from layerscope.model.image import Image
from layerscope.sources.layer.content import LayerContent, open_layer_content, stored_pieces

Written = Callable[[int], None]
"""Called with the content bytes written since the last call; whoever raises in it ends the work."""

_USUAL = 0o777
"""The mode of a folder that the image has no say in, less what the user's mask takes away."""

_NODES = {Kind.CHAR: stat.S_IFCHR, Kind.BLOCK: stat.S_IFBLK}


class StageWriter:
    """Writes into a stage; ``target`` is what an error calls the place."""

    def __init__(
        self, stage: ConfinedFolder, target: str, image: Image, tree: LayeredTree, options: ExtractionOptions
    ) -> None:
        self._stage = stage
        self._target = target
        self._image = image
        self._tree = tree
        self._options = options

    def write(self, plan: ExtractionPlan, written: Written) -> None:
        """Write all of a plan but the metadata of folders; raises LayerscopeError."""
        for path in plan.parents:
            self._make_folder(path, _USUAL)
        for folder in plan.folders:
            self._make_folder(folder.path, PRIVATE)
        for layer, files in groupby(plan.files, key=lambda file: self._tree.index.layers[file.occurrence]):
            self._write_layer(layer, list(files), written)
        for other in plan.others:
            self._make_other(other.entry)
            self._make_links(other.links, other.entry.path)

    def _make_folder(self, path: bytes, mode: int) -> None:
        with telling(path, self._target):
            self._stage.make_folder(path, mode)

    def _write_layer(self, layer: int, files: list[PlannedFile], written: Written) -> None:
        first = files[0].entry.path
        try:
            with closing(open_layer_content(self._image.layers[layer - 1])) as content:
                for file in files:
                    first = file.entry.path
                    self._write_file(file, content, written)
        except FormatError as error:
            raise ExtractionFailed(f"/{shown(first)} cannot be read from layer {layer}: {error}") from error

    def _write_file(self, file: PlannedFile, content: LayerContent, written: Written) -> None:
        index, path = self._tree.index, file.entry.path
        table, row = self._tree.tables[index.layers[file.occurrence]], index.rows[file.occurrence]
        with telling(path, self._target), self._stage.new_file(path) as descriptor:
            for start, offset, length in stored_pieces(table, row):
                reached = start
                for chunk in content.chunks(offset, length):
                    _write_all(descriptor, chunk, reached)
                    reached += len(chunk)
                    written(len(chunk))
            # the hole at the end of a sparse file
            os.ftruncate(descriptor, table.sizes[row])
            restore(descriptor, file.entry, self._options)
        self._make_links(file.links, path)

    def _make_links(self, links: Iterable[bytes], path: bytes) -> None:
        for link in links:
            with telling(link, self._target):
                self._stage.make_link(link, path)

    def _make_other(self, entry: FileEntry) -> None:
        with telling(entry.path, self._target):
            if entry.kind is Kind.SYMLINK:
                self._stage.make_symlink(entry.path, entry.link or b"")
            elif entry.kind is Kind.FIFO:
                self._stage.make_pipe(entry.path)
            else:
                self._stage.make_device(entry.path, _NODES[entry.kind], os.makedev(*(entry.device or (0, 0))))
            with self._stage.parent(entry.path) as (folder, name):
                restore_at(folder, name, entry, self._options, is_link=entry.kind is Kind.SYMLINK)


def _write_all(descriptor: int, chunk: bytes, offset: int) -> None:
    left = memoryview(chunk)
    while left:
        count = os.pwrite(descriptor, left, offset)
        left, offset = left[count:], offset + count
