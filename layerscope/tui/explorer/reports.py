"""The reports of the threads that wait for the reader, for the export, and for the facts about files."""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from textual.screen import Screen
from textual.worker import get_current_worker

from layerscope.errors import LayerscopeError
from layerscope.session.image_session import ImageSession
from layerscope.session.reading.background import LayerReader, ReadEvent, ReadingFailed, ReceiveEvent
from layerscope.tui.explorer.messages import FactsFound, ReaderReported

if TYPE_CHECKING:
    from layerscope.session.loaded_image import LoadedImage

_FACTS = "facts"


class Reports:
    """Runs the threads of a screen. Their events wait in a queue: there may be thousands of them in a second."""

    def __init__(self, screen: Screen[object]) -> None:
        self._screen = screen
        self._events = deque[tuple[LayerReader, ReadEvent | ReceiveEvent]]()

    def read(self, reader: LayerReader) -> None:
        """Report what a reader reads."""
        self._screen.run_worker(lambda: self._report(reader, _events_of(reader)), thread=True, group="reader")

    def receive(self, session: ImageSession, reader: LayerReader) -> None:
        """Report the export of an image, whose layers go to a reader."""
        from layerscope.session.reading.reception import receive  # noqa: PLC0415  # 8 ms, and an archive needs no export

        self._screen.run_worker(lambda: self._report(reader, receive(session, reader)), thread=True, group="export")

    def find_facts(self, opened: "LoadedImage") -> None:
        """Find the packages and the secrets of an image, and post them."""
        self._screen.run_worker(
            partial(self._find_facts, opened), thread=True, group=_FACTS, exclusive=True, exit_on_error=False
        )

    def stop_finding(self) -> None:
        """Drop the facts that are being found: another image is shown."""
        self._screen.workers.cancel_group(self._screen, _FACTS)

    def taken(self, reader: LayerReader) -> Iterator[ReadEvent | ReceiveEvent]:
        """Take the events of a reader that wait; those of the reader of an image that was replaced are dropped."""
        while self._events:
            source, event = self._events.popleft()
            if source is reader:
                yield event

    def _report(self, reader: LayerReader, events: Iterable[ReadEvent | ReceiveEvent]) -> None:
        for event in events:
            self._events.append((reader, event))
            self._screen.post_message(ReaderReported())

    def _find_facts(self, opened: "LoadedImage") -> None:
        from layerscope.session.files.facts import file_facts  # noqa: PLC0415  # not needed to start

        with suppress(LayerscopeError):
            facts = file_facts(opened)
            if not get_current_worker().is_cancelled:
                self._screen.post_message(FactsFound(facts))


def _events_of(reader: LayerReader) -> Iterator[ReadEvent]:
    try:
        yield from reader.events()
    except MemoryError:
        reader.failure = "there is not enough memory for the layers of this image"
        yield ReadingFailed(reader.failure)
