"""The content of one file for a viewer, in pages of which the most recent are kept."""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from threading import Lock

from layerscope.errors import FormatError, InvalidLayer
from layerscope.model.image import Compression
from layerscope.session.loaded_image import LoadedImage

PAGE_SIZE = 64 * 1024
_PIECE = 4 * PAGE_SIZE
_LEAST = 512
"""The size of a read near the place where a layer breaks off."""

_LARGEST_SPARSE = 4_000_000_000
"""A larger file with holes is not read to its end: 8 EiB of zeros fit into a few bytes."""

_MOST_PAGES = 256
"""The number of pages that are kept: 16 MB."""


class FilePages:
    """The pages of a regular file, given by occurrence. Safe for several threads; `peek` never blocks."""

    def __init__(self, loaded: LoadedImage, file: int) -> None:
        layer = loaded.tree.index.layers[file]
        self._contents = loaded.contents
        self._file = file
        self._is_plain = loaded.image.layers[layer - 1].compression is Compression.NONE
        self._lock = Lock()
        self._pages: OrderedDict[int, bytes] = OrderedDict()
        self.size = self._contents.size(file)
        self.problem: str | None = None
        """The reason why requested bytes could not be read."""
        self._broken_at: int | None = None

    def peek(self, offset: int, size: int) -> bytes | None:
        """Return the bytes if they are available immediately, else None.

        Of a broken layer, return the bytes before the break.
        """
        numbers = self._numbers(offset, size)
        with self._lock:
            missing = [number for number in numbers if number not in self._pages]
        if missing and not self._is_plain:
            return None
        try:
            return self._joined(numbers, offset, size)
        except FormatError:
            return None

    def is_loadable(self, offset: int) -> bool:
        """Return whether it is worth trying to load bytes at the offset."""
        return self._broken_at is None or offset < self._broken_at

    def head(self, size: int) -> bytes:
        """Return the first bytes, of a broken layer those before the break; raises FormatError if there are none."""
        return self._joined(self._numbers(0, size), 0, size)

    def read(self, offset: int, size: int) -> bytes:
        """Return the bytes, fewer at the end of the file; raises FormatError and keeps the reason in ``problem``."""
        data = self._joined(self._numbers(offset, size), offset, size)
        self._check(len(data), offset, size)
        return data

    def _joined(self, numbers: range, offset: int, size: int) -> bytes:
        start = offset % PAGE_SIZE
        return b"".join(map(self._page, numbers))[start : start + size]

    def _check(self, length: int, offset: int, size: int) -> None:
        if length < min(size, self.size - offset):
            raise InvalidLayer(self.problem or "the layer ends before this content does")

    def keep(self, offset: int, data: bytes) -> None:
        """Keep whole pages that were read for another purpose, without dropping others for them."""
        with self._lock:
            for start in range(0, len(data), PAGE_SIZE):
                if len(self._pages) < _MOST_PAGES:
                    self._pages.setdefault((offset + start) // PAGE_SIZE, data[start : start + PAGE_SIZE])

    def _read_past(self, offset: int, size: int) -> bytes:
        """Read bytes that are not kept, of a broken layer those before the break; raises FormatError without any."""
        try:
            return self._contents.read_range(self._file, offset, size)
        except FormatError as error:
            saved = b"".join(self._before_break(offset, size))
            self.problem, self._broken_at = str(error), offset + len(saved)
            if not saved:
                raise
            return saved

    def _before_break(self, offset: int, size: int) -> Iterator[bytes]:
        with suppress(FormatError):
            for at in range(offset, offset + size, _LEAST):
                yield self._contents.read_range(self._file, at, min(_LEAST, offset + size - at))

    def chunks(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the file, or a part of it; raises FormatError after what can be read and keeps the reason."""
        end = self.size if end is None else min(end, self.size)
        for offset in range(start, end, _PIECE):
            size = min(_PIECE, end - offset)
            data = self._read_past(offset, size)
            yield data
            self._check(len(data), offset, size)

    @property
    def stored_ranges(self) -> list[range]:
        """The ranges of the file that are stored, in ascending order; the rest is zeros."""
        return self._contents.stored_ranges(self._file)

    @cached_property
    def is_readable(self) -> bool:
        """False for a sparse file that is too large to be read to its end, whatever it takes in the image."""
        return self.size <= _LARGEST_SPARSE or sum(map(len, self.stored_ranges)) == self.size

    def prepare(self) -> Iterator[int]:
        """Make reads at any offset fast, as `Contents.prepare` does."""
        return self._contents.prepare(self._file)

    def _numbers(self, offset: int, size: int) -> range:
        end = min(offset + size, self.size)
        return range(offset // PAGE_SIZE, -(-end // PAGE_SIZE)) if offset < end else range(0)

    def _page(self, number: int) -> bytes:
        with self._lock:
            kept = self._pages.get(number)
            if kept is not None:
                self._pages.move_to_end(number)
                return kept
        page = self._read_past(number * PAGE_SIZE, PAGE_SIZE)
        with self._lock:
            self._pages[number] = page
            while len(self._pages) > _MOST_PAGES:
                self._pages.popitem(last=False)
        return page
