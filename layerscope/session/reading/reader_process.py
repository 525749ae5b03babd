"""The process that reads layers while the explorer responds to keys. It has no terminal; `background` starts it.

Its order comes on standard input; it answers on standard output, in the frames of `wire`.
"""

import gc
import select
import sys
import time
from typing import IO

from layerscope.model.entries import LayerEntries
from layerscope.model.image import Layer
from layerscope.session.reading.stack import LayerStack, Tallies
from layerscope.session.reading.wire import (
    ProgressHead,
    ReadOrder,
    read_order,
    read_preference,
    send_table,
    send_tree,
    write_frame,
)
from layerscope.sources.layer.reader import read_layer

_PROGRESS_SECONDS = 0.05
_GROWTH = 2
"""The layers read so far are stacked again when the entries have doubled, so that all stacking costs twice the last."""


class _Reader:
    """The state of one order: the layers read so far, and the one to read next."""

    def __init__(self, order: ReadOrder, orders: IO[bytes], answers: IO[bytes]) -> None:
        self._layers = {layer.number: layer for layer in order.layers}
        self._preferred = order.first
        self._orders = orders
        self._answers = answers
        self._read: dict[int, LayerEntries] = {}
        self._stacked_entries = 0
        self._stacked_settled = 0

    def run(self) -> None:
        """Read all layers, the preferred one first, and send each when it is read."""
        while len(self._read) < len(self._layers):
            self._look_for_preference()
            layer = self._next()
            self._read[layer.number] = self._read_layer(layer)
            send_table(self._answers, layer.number, self._read[layer.number].table)
            if len(self._read) < len(self._layers) and self._is_time_to_stack():
                self._stack()
        self._stack()

    def _next(self) -> Layer:
        number = self._preferred
        if number in self._read or number not in self._layers:
            number = min(self._layers.keys() - self._read.keys())
        return self._layers[number]

    def _look_for_preference(self) -> None:
        while select.select([self._orders], [], [], 0)[0]:
            preferred = read_preference(self._orders)
            if preferred is None:
                raise BrokenPipeError
            self._preferred = preferred

    def _read_layer(self, layer: Layer) -> LayerEntries:
        entries = LayerEntries()
        reported = time.monotonic()
        for done in read_layer(layer, entries):
            now = time.monotonic()
            if now - reported >= _PROGRESS_SECONDS:
                reported = now
                write_frame(self._answers, ProgressHead(layer=layer.number, done=done))
        return entries

    def _settled(self) -> int:
        """Return the number of the last layer up to which all have been read."""
        settled = 0
        while settled + 1 in self._read:
            settled += 1
        return settled

    def _is_time_to_stack(self) -> bool:
        entries = sum(len(entries.paths) for entries in self._read.values())
        reached = self._stacked_settled < self._preferred <= self._settled()
        return reached or entries >= _GROWTH * self._stacked_entries

    def _stack(self) -> None:
        stack = LayerStack()
        for number in sorted(self._read):
            stack.apply(number, self._read[number])
        settled, last = self._settled(), len(self._read) == len(self._layers)
        tallies = stack.tallies()
        known = {number: tally for number, tally in tallies.layers.items() if number <= settled}
        send_tree(self._answers, stack.tree(), Tallies(known, tallies.dead if last else None), last=last)
        self._stacked_entries = sum(len(entries.paths) for entries in self._read.values())
        self._stacked_settled = settled


def main() -> None:
    """Answer one order."""
    gc.disable()
    # unbuffered, so that select reports what has not been read
    orders = open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)  # noqa: SIM115  # standard input
    try:
        _Reader(read_order(orders), orders, sys.stdout.buffer).run()
    except BrokenPipeError:
        # the explorer has ended
        sys.stderr.close()
        sys.exit(0)


if __name__ == "__main__":
    main()
