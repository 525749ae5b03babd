"""The reports and messages of the threads that wait for the reader, for the export, and for the facts about files."""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from textual.message import Message
from textual.screen import Screen
from textual.worker import get_current_worker

from layerscope.analysis.size.hidden import hidden_in_tree
from layerscope.errors import LayerscopeError
from layerscope.model.provenance import RegistryFacts
from layerscope.session.content.open_layers import OpenLayers
from layerscope.session.image_session import ImageSession
from layerscope.session.reading.background import LayerReader, LayersStacked, ReadEvent, ReadingFailed, ReceiveEvent
from layerscope.tui.explorer.state import ExplorerState
from layerscope.tui.keys.workers import start_detached
from layerscope.tui.tree.visible_rows import DeadFile
from layerscope.work import start_thread

if TYPE_CHECKING:
    from layerscope.session.files.packages import FileFacts

_FACTS = "facts"


class ReaderReported(Message):
    """The reader has reported events, which wait in a queue: there may be thousands of them in a second."""

    def can_replace(self, message: Message) -> bool:
        """Let one message stand for all that are waiting."""
        return isinstance(message, ReaderReported)


@dataclass
class FactsFound(Message):
    """The packages and the secrets are known."""

    facts: "FileFacts"


@dataclass
class DeadFound(Message):
    """The dead files are known, in the order of nodes."""

    files: list[DeadFile]


@dataclass
class RegistryAnswered(Message):
    """The registry has said what belongs to the image of a state."""

    state: ExplorerState
    facts: RegistryFacts


class Reports:
    """Runs the threads of a screen. Their events wait in a queue: there may be thousands of them in a second."""

    def __init__(self, screen: Screen[object]) -> None:
        self._screen = screen
        self._events = deque[tuple[LayerReader, ReadEvent | ReceiveEvent]]()

    def read(self, reader: LayerReader) -> None:
        self._screen.run_worker(lambda: self._report(reader, _events_of(reader)), thread=True, group="reader")

    def receive(self, session: ImageSession, reader: LayerReader) -> None:
        """Report the export of an image, whose layers go to a reader."""
        # 8 ms, and an archive needs no export
        from layerscope.session.reading.reception import receive  # noqa: PLC0415

        self._screen.run_worker(lambda: self._report(reader, receive(session, reader)), thread=True, group="export")

    def find_facts(self, session: ImageSession, stacked: LayersStacked) -> None:
        """Find the packages and the secrets of an image whose layers have all been read, and post them.

        Layers that are listed from their tables of contents would have to be fetched for that.
        """
        if any(layer.table for layer in session.image.layers):
            return
        self._screen.run_worker(
            partial(self._find_facts, session.layers, stacked),
            thread=True,
            group=_FACTS,
            exclusive=True,
            exit_on_error=False,
        )

    def ask_registry(self, state: ExplorerState) -> None:
        """Ask the registry that has the image once what belongs to it, and post that; other images have none."""
        ask = state.image.read_registry
        if ask is not None and not state.has_asked_registry:
            state.has_asked_registry = True
            start_detached(lambda: self._screen.post_message(RegistryAnswered(state, ask())))

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

    def _find_facts(self, layers: OpenLayers, stacked: LayersStacked) -> None:
        # 30 ms, which the start does without
        from layerscope.session.files.packages import file_facts  # noqa: PLC0415

        if stacked.tallies.dead:
            index = stacked.tree.index
            dead = [
                DeadFile(
                    index.node_of(each.file), each.size, index.layers[each.file], index.layers[each.hiding_occurrence]
                )
                for each in hidden_in_tree(stacked.tree)
            ]
            if not get_current_worker().is_cancelled:
                self._screen.post_message(DeadFound(dead))
        with suppress(LayerscopeError):
            facts = file_facts(layers, stacked.tree, stacked.tallies)
            if not get_current_worker().is_cancelled:
                self._screen.post_message(FactsFound(facts))
        # so that the key that opens the first of the other screens does not wait for their import
        start_thread(lambda: import_module("layerscope.tui.explorer.navigation"))


def _events_of(reader: LayerReader) -> Iterator[ReadEvent]:
    try:
        yield from reader.events()
    except MemoryError:
        reader.failure = "there is not enough memory for the layers of this image"
        yield ReadingFailed(reader.failure)
