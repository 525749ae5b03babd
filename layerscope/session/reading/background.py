"""Reads the layers of an image beside this process, and tells how far it has come."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

import layerscope
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.image import Layer
from layerscope.session.reading.stack import Tallies
from layerscope.session.reading.wire import (
    ProgressHead,
    ReadOrder,
    TableHead,
    read_frame,
    table_from,
    tree_from,
    write_order,
    write_preference,
)

if TYPE_CHECKING:
    from layerscope.model.entries import EntryTable


@dataclass(frozen=True, slots=True)
class LayerProgress:
    """So many stored bytes of a layer have been read."""

    layer: int
    done: int


@dataclass(frozen=True, slots=True)
class LayerRead:
    """A layer has been read to its end."""

    layer: int


@dataclass(frozen=True, slots=True)
class LayersStacked:
    """The layers read so far as one tree. ``tallies`` has the layers below which none is missing."""

    tree: LayeredTree
    tallies: Tallies
    last: bool


@dataclass(frozen=True, slots=True)
class ReadingFailed:
    """The reader process ended before its work was done."""

    status: int


ReadEvent = LayerProgress | LayerRead | LayersStacked | ReadingFailed


class BackgroundReader:
    """A reader process at work. It starts at once, so that it runs while the caller still imports its screen."""

    def __init__(self, layers: tuple[Layer, ...], first: int) -> None:
        self._process = subprocess.Popen(  # this interpreter, this package
            [sys.executable, "-P", "-m", "layerscope.session.reading.reader_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,
        )
        self._tables: dict[int, EntryTable] = {}
        self._is_listened_to = False
        # digests stay here: to read a layer takes none
        wanted = [replace(layer, digest=None, diff_id=None) for layer in layers]
        write_order(self._input, ReadOrder(wanted, first))

    @property
    def _input(self) -> IO[bytes]:
        assert self._process.stdin is not None  # noqa: S101  # it is a pipe
        return self._process.stdin

    @property
    def _answers(self) -> IO[bytes]:
        assert self._process.stdout is not None  # noqa: S101  # it is a pipe
        return self._process.stdout

    def prefer(self, layer: int) -> None:
        """Ask for a layer before the others; too late a wish is ignored."""
        try:
            write_preference(self._input, layer)
        except (BrokenPipeError, ValueError):
            return

    def events(self) -> Iterator[ReadEvent]:
        """Yield what happens until all is read, or the reader is closed; it waits, so call it from a thread."""
        self._is_listened_to = True
        with self._answers as answers:
            yield from self._events(answers)

    def _events(self, answers: IO[bytes]) -> Iterator[ReadEvent]:
        while (frame := read_frame(answers)) is not None:
            head, buffers = frame
            if isinstance(head, ProgressHead):
                yield LayerProgress(head.layer, head.done)
            elif isinstance(head, TableHead):
                self._tables[head.layer] = table_from(head, buffers)
                yield LayerRead(head.layer)
            else:
                tree, tallies = tree_from(head, buffers, self._tables)
                yield LayersStacked(tree, tallies, head.last)
                if head.last:
                    return
        yield ReadingFailed(self._process.wait())

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        with suppress(BrokenPipeError):
            # it tries to hand over a wish that nobody took
            self._input.close()
        if not self._is_listened_to:
            self._answers.close()


def _environment() -> dict[str, str]:
    """Return the environment with this package found first, from wherever this process runs it."""
    root = str(Path(layerscope.__file__).parent.parent)
    others = [os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else []
    return {**os.environ, "PYTHONPATH": os.pathsep.join([root, *others])}
