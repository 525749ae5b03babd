"""The bytes of files, by occurrence in the path index, and digests of them, computed when asked for and remembered."""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import groupby

from layerscope.analysis.layered_tree import LayeredTree
from layerscope.errors import FormatError, InvalidLayer
from layerscope.model.entries import Kind
from layerscope.model.image import Image
from layerscope.sources.layer_content import file_chunks, open_layer_content


class Contents:
    """What the files of an image hold. A hard link holds what the file it shows does."""

    def __init__(self, image: Image, tree: LayeredTree) -> None:
        self._image = image
        self._tree = tree
        self._digests: dict[int, bytes | None] = {}

    def chunks(self, occurrence: int) -> Iterator[bytes]:
        """Yield the bytes of a file; raises InvalidLayer where they cannot be read."""
        file = self._file(occurrence)
        if file is None:
            raise InvalidLayer("what this hard link shows is not in the image")
        layer, row = self._tree.index.layers[file], self._tree.index.rows[file]
        with open_layer_content(self._image.layers[layer - 1]) as content:
            yield from file_chunks(content, self._tree.tables[layer], row)

    def head(self, occurrence: int, size: int) -> bytes:
        """Return the first bytes of a file."""
        pieces, have = [], 0
        for chunk in self.chunks(occurrence):
            pieces.append(chunk)
            have += len(chunk)
            if have >= size:
                break
        return b"".join(pieces)[:size]

    def digest(self, occurrence: int) -> bytes | None:
        """Return the sha256 of a file, or None where it cannot be read."""
        return self.digests([occurrence])[occurrence]

    def digests(self, occurrences: Iterable[int]) -> dict[int, bytes | None]:
        """Return the sha256 of each file, or None where it cannot be read; each layer is passed through once."""
        wanted = list(occurrences)
        files = {occurrence: self._file(occurrence) for occurrence in wanted}
        missing = {file for file in files.values() if file is not None and file not in self._digests}
        for layer, group in groupby(sorted(missing, key=self._place), key=self._tree.index.layers.__getitem__):
            self._digest_layer(layer, list(group))
        return {occurrence: None if file is None else self._digests[file] for occurrence, file in files.items()}

    def same(self, one: int, other: int) -> bool | None:
        """Tell whether two files hold the same bytes; None where one cannot be read. Sizes are compared first."""
        files = self._file(one), self._file(other)
        if files[0] is None or files[1] is None:
            return None
        if files[0] == files[1]:
            return True
        if self._size(files[0]) != self._size(files[1]):
            return False
        digests = self.digests([files[0], files[1]])
        left, right = digests[files[0]], digests[files[1]]
        return None if left is None or right is None else left == right

    def _file(self, occurrence: int) -> int | None:
        """Return the occurrence of the regular file behind a link; None where there is none."""
        file = self._tree.file_behind(occurrence)
        return file if file >= 0 and self._tree.kind(file) is Kind.FILE else None

    def _size(self, file: int) -> int:
        index = self._tree.index
        return self._tree.tables[index.layers[file]].sizes[index.rows[file]]

    def _place(self, file: int) -> tuple[int, int]:
        """Return where a file lies: its layer, and its offset in there."""
        index = self._tree.index
        layer = index.layers[file]
        return layer, self._tree.tables[layer].data_offsets[index.rows[file]]

    def _digest_layer(self, layer: int, files: list[int]) -> None:
        table, rows = self._tree.tables[layer], self._tree.index.rows
        self._digests |= dict.fromkeys(files)
        try:
            with open_layer_content(self._image.layers[layer - 1]) as content:
                for file in files:
                    hasher = hashlib.sha256()
                    for chunk in file_chunks(content, table, rows[file]):
                        hasher.update(chunk)
                    self._digests[file] = hasher.digest()
        except FormatError:
            # what lies behind the break cannot be read either: its digests stay unknown
            return
