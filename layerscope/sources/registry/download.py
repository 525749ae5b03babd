"""The download of a blob, which goes on where a connection broke."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing

from layerscope.sources.registry.remote import OK, PARTIAL
from layerscope.sources.registry.transport import Broken, HttpAnswer, Unreachable
from layerscope.text import human_size

_MOST_BREAKS = 4
"""Connections in a row that may end with less than `_PROGRESS` more bytes, before a blob is given up."""

_PROGRESS = 64 * 1024
_BREAK_SECONDS = 0.5
"""The wait after a connection that brought nothing."""

NO_RANGE = (OK, 400, 416, 501)
"""The answers of servers that do not serve the range that was asked for."""

_CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(?:\d{1,19}|\*)", re.ASCII | re.IGNORECASE)

Ask = Callable[[Mapping[str, str]], HttpAnswer]
"""Requests a blob with some headers, and returns an answer that is 200, 206 or one of `NO_RANGE`."""


class Download:
    """The bytes of a blob, at most ``size`` of them; ``title`` names the blob in messages."""

    def __init__(self, ask: Ask, title: str, size: int | None, wait: Callable[[float], None]) -> None:
        self._ask = ask
        self._title = title
        self._size = size
        self._wait = wait
        self._position = 0
        self._uses_ranges = True
        self._length: int | None = None

    def __iter__(self) -> Iterator[bytes]:
        """Yield what comes; raises Broken where that ends early."""
        breaks = 0
        while True:
            before = self._position
            try:
                yield from self._one_connection()
            except Broken as error:
                progress = self._position - before
                breaks = 0 if progress >= _PROGRESS else breaks + 1
                never_reached = isinstance(error, Unreachable) and not self._position
                if never_reached or breaks >= _MOST_BREAKS:
                    raise
                self._wait(0 if progress else _BREAK_SECONDS)
            else:
                return

    @property
    def mismatch(self) -> str:
        """The defect of a blob whose digest does not match, in words."""
        if self._size is not None and self._length is not None and self._length > self._size:
            return f"is longer than its descriptor says: {human_size(self._length)} instead of {human_size(self._size)}"
        return "differs from its digest"

    def _one_connection(self) -> Iterator[bytes]:
        answer, skipped = self._open()
        with closing(answer.chunks()) as chunks:
            for chunk in chunks:
                kept = chunk[min(skipped, len(chunk)) :]
                skipped -= len(chunk) - len(kept)
                kept = kept if self._size is None else kept[: self._size - self._position]
                self._position += len(kept)
                if kept:
                    yield kept
                if self._position == self._size:
                    return
        if self._size is not None and self._position < self._size:
            raise Broken(f"{self._title} ends after {human_size(self._position)} of {human_size(self._size)}")

    def _open(self) -> tuple[HttpAnswer, int]:
        """Return an answer, and the bytes of it that have come before: servers may ignore or refuse the range."""
        if self._position and self._uses_ranges:
            answer = self._ask({"Range": f"bytes={self._position}-"})
            stated = range_of(answer)
            if stated is not None and stated[0] == self._position:
                return answer, 0
            if answer.status == OK:
                return answer, self._position
            self._uses_ranges = False
            answer.leave()
        answer = self._ask({})
        self._length = answer.length
        return answer, self._position


def range_of(answer: HttpAnswer) -> tuple[int, int] | None:
    """Return the first and the last byte of the range in an answer, None if it is not one."""
    stated = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", "").strip())
    return (int(stated[1]), int(stated[2])) if answer.status == PARTIAL and stated else None
