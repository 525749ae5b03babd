"""The JSON documents of an archive or a folder, within one budget for all of them."""

from typing import TypeVar, cast

from layerscope.errors import FormatError, InvalidManifest, MissingBlob
from layerscope.model.digest import Digest
from layerscope.model.documents import decode
from layerscope.model.span import FileSpan
from layerscope.sources.image.files import Files, located, read_span
from layerscope.text import human_size, short_name

T = TypeVar("T")

DOCUMENT_LIMIT = 32 * 1024 * 1024
"""The largest JSON document that is read; those of honest images are smaller."""

TOTAL_LIMIT = 64 * 1024 * 1024
"""The bytes of all documents that are read: 20,000 small ones cost as much as one large one."""

_MOST_VALUES = 1_000_000
"""The values in all documents: each costs up to 100 times its bytes once it is decoded."""


class Documents:
    """The documents of some files. Each is decoded once, however many names and descriptors refer to it."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self._size_left = TOTAL_LIMIT
        self._values_left = _MOST_VALUES
        self._read: set[FileSpan] = set()
        self._decoded: dict[tuple[FileSpan, object], object] = {}
        self._digests: dict[FileSpan, Digest] = {}

    def document(self, name: str, kind: type[T]) -> T:
        """Return the JSON document of the given type in the file.

        Raises MissingBlob if the file is missing or cannot be read, and InvalidManifest if it is truncated, larger than
        the limits, or not such a document.
        """
        span = self._span(name)
        key = (span, kind)
        if key not in self._decoded:
            try:
                self._decoded[key] = decode(self._bytes(span, name), kind, located(self.files, name))
            except FormatError as error:
                self._decoded[key] = error
        result = self._decoded[key]
        if isinstance(result, FormatError):
            # The stored error must not collect the traceback of every caller.
            raise result.with_traceback(None)
        return cast("T", result)

    def digest(self, name: str) -> Digest:
        """Return the SHA-256 digest of the file; raises as `document` does."""
        import hashlib  # noqa: PLC0415  # 5 ms, and most images name their documents by digest

        span = self._span(name)
        if span not in self._digests:
            data = self._bytes(span, name)
            self._digests[span] = Digest("sha256", hashlib.sha256(data).hexdigest())
        return self._digests[span]

    def starts_with(self, name: str, start: bytes) -> bool:
        """Return True if the file starts so, leading white space ignored; raises as `document` does."""
        return self.read(name).lstrip().startswith(start)

    def read(self, name: str) -> bytes:
        """Return the bytes of the file; raises as `document` does."""
        return self._bytes(self._span(name), name)

    def _span(self, name: str) -> FileSpan:
        files = self.files
        span = files.span(name)
        if span is None:
            reason = f"; {files.error}" if files.error else ""
            raise MissingBlob(f"{short_name(name) or 'a file without a name'} is not in {files.description}{reason}")
        if span.stated_size > DOCUMENT_LIMIT:
            size = human_size(span.stated_size)
            raise InvalidManifest(f"{located(files, name)} is too large for a document ({size})")
        if span.truncated:
            raise InvalidManifest(f"{located(files, name)} is incomplete: the archive is truncated")
        return span

    def _bytes(self, span: FileSpan, name: str) -> bytes:
        """Return the bytes of the span, read again each time: what is decoded of them takes memory enough."""
        if span not in self._read and span.size > self._size_left:
            raise InvalidManifest(f"the JSON documents in {self.files.description} exceed {human_size(TOTAL_LIMIT)}")
        data = read_span(span, located(self.files, name))
        if span not in self._read:
            self._read.add(span)
            self._size_left -= span.size
            # Each value but the last of an array or an object is followed by a comma.
            self._values_left -= data.count(b",")
        if self._values_left < 0:
            raise InvalidManifest(f"the JSON documents in {self.files.description} hold over {_MOST_VALUES:,} values")
        return data
