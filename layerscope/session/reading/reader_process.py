"""The process that reads layers while the explorer responds to keys. It has no terminal; `background` starts it.

Its order comes on standard input; it answers on standard output, in the frames of `wire`.
"""

import gc
import os
import select
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import IO

from layerscope.analysis.tree.tally import Tallies
from layerscope.cache.cache import Cache
from layerscope.model.entries import LayerEntries
from layerscope.model.image import Layer
from layerscope.session.reading.known_layers import KnownLayers
from layerscope.session.reading.layer_reading import LayerStack, read_as_ordered
from layerscope.session.reading.wire import (
    Preference,
    ProgressHead,
    ReadOrder,
    read_message,
    read_order,
    send_table,
    send_tree,
    write_frame,
)

_NICENESS = 5
_PROGRESS_SECONDS = 0.05
_GROWTH = 2
"""The layers read so far are stacked again when the entries have doubled, so that all stacking costs twice the last."""


class _Reader:
    """The state of one order: the layers read so far, and the one to read next."""

    def __init__(self, order: ReadOrder, orders: IO[bytes], answers: IO[bytes]) -> None:
        self._layers = {layer.number: layer for layer in order.layers}
        cache = None if order.cache is None else Cache(Path(order.cache))
        self._known = KnownLayers(cache, order.layers, order.label)
        self._preferred = order.first
        self._awaited = set(order.awaited)
        self._orders = orders
        self._answers = answers
        self._read: dict[int, LayerEntries] = {}
        self._reported: dict[int, float] = {}
        """The time of the last report on a layer, or of its start."""
        self._entries = 0
        self._settled = 0
        """The number of the last layer up to which all have been read."""
        self._stacked_entries = 0
        self._stacked_settled = 0

    def run(self) -> None:
        """Read all layers, the preferred one first, and send each when it is read."""
        for layer, read in read_as_ordered(list(self._layers.values()), self._order(), self._known):
            if isinstance(read, LayerEntries):
                self._take(layer.number, read)
            else:
                self._report(layer.number, read.done)
        self._stack()
        self._known.settle()

    def _order(self) -> Iterator[Layer]:
        """Yield each layer, the preferred one as soon as it is known which that is; wait for those that are awaited."""
        waiting = dict.fromkeys(sorted(self._layers.keys() - self._read.keys()))
        while waiting:
            self._take_messages()
            here = (number for number in chain([self._preferred], waiting) if number not in self._awaited)
            number = next((number for number in here if number in waiting), None)
            if number is None:
                self._take_message()
            else:
                del waiting[number]
                yield self._layers[number]

    def _take(self, number: int, entries: LayerEntries) -> None:
        """Send a layer that has been read, and the layers read so far as a tree, unless there are few new entries."""
        self._keep(number, entries)
        send_table(self._answers, number, entries.table)
        if len(self._read) < len(self._layers) and self._is_time_to_stack():
            self._stack()

    def _report(self, number: int, done: int) -> None:
        """Send the progress of a layer, unless the last report or its start was a moment ago."""
        now = time.monotonic()
        if now - self._reported.setdefault(number, now) >= _PROGRESS_SECONDS:
            self._reported[number] = now
            write_frame(self._answers, ProgressHead(layer=number, done=done))

    def _take_messages(self) -> None:
        while select.select([self._orders], [], [], 0)[0]:
            self._take_message()

    def _take_message(self) -> None:
        message = read_message(self._orders)
        if isinstance(message, Preference):
            self._preferred = message.layer
        else:
            self._layers[message.layer.number] = message.layer
            self._known.take(message.layer)
            self._awaited.discard(message.layer.number)

    def _keep(self, number: int, entries: LayerEntries) -> None:
        self._read[number] = entries
        self._entries += len(entries.table)
        while self._settled + 1 in self._read:
            self._settled += 1

    def _is_time_to_stack(self) -> bool:
        reached = self._stacked_settled < self._preferred <= self._settled
        return reached or self._entries >= max(1, _GROWTH * self._stacked_entries)

    def _stack(self) -> None:
        stack = LayerStack()
        for number in sorted(self._read):
            stack.apply(number, self._read[number])
        last = len(self._read) == len(self._layers)
        tallies, tree = stack.tallies(), stack.tree()
        known = {number: tally for number, tally in tallies.layers.items() if number <= self._settled}
        send_tree(self._answers, tree, Tallies(known, tallies.dead if last else None), last=last)
        if last:
            self._known.keep_tallies(tallies)
            self._known.keep_tree(tree, tallies)
        self._stacked_entries = self._entries
        self._stacked_settled = self._settled


def answer(order: ReadOrder, orders: IO[bytes], answers: IO[bytes]) -> None:
    """Read the layers of an order, and keep what was read; raises BrokenPipeError once the explorer has ended."""
    _Reader(order, orders, answers).run()


def _yield_to_screen() -> None:
    """Give this process, and those that it forks, less of the processors than the screen has, and no start before it.

    Under a real-time policy, which processes inherit, niceness has no effect.
    """
    os.nice(_NICENESS)
    if sys.platform == "linux":
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def main() -> None:
    """Answer one order."""
    gc.disable()
    _yield_to_screen()
    # unbuffered, so that select reports what has not been read
    orders = open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)  # noqa: SIM115  # standard input
    try:
        answer(read_order(orders), orders, sys.stdout.buffer)
    except BrokenPipeError:
        # the explorer has ended
        sys.stderr.close()
        sys.exit(0)


if __name__ == "__main__":
    main()
