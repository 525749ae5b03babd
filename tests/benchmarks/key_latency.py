"""Measure the time from a key press to the first byte of the explorer's answer, while layers load and afterwards.

    python tests/benchmarks/key_latency.py million.tar

While layers load, the explorer also writes progress, so the time is measured until the answer itself is on the screen:
each press chooses another layer, which then appears in the title of the tree. A small image loads too fast for more
than a few presses. Afterwards, every folder is opened, so that the tree has as many rows as the image has paths.
`first` is the time to the first byte of the answer, `whole` the time to the last. Run it like first_paint.py.
"""

import argparse
import sys
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from statistics import quantiles

from terminal import Terminal

from layerscope.session.open import open_image

LOADED = r"(stored|to pull)\)"
"""The header has this text once all layers are read."""

UP, DOWN, PAGE_UP, PAGE_DOWN = b"\x1b[A", b"\x1b[B", b"\x1b[5~", b"\x1b[6~"
HOME, END, TAB, SHIFT_TAB, ENTER, ESCAPE, BACKSPACE = b"\x1b[H", b"\x1b[F", b"\t", b"\x1b[Z", b"\r", b"\x1b", b"\x7f"

_PAUSE = 0.2
"""Seconds without output after which an answer is complete: unfinished work is painted every tenth of a second."""

TREE_KEYS = (
    ("cursor down", [DOWN], 120),
    ("cursor up", [UP], 60),
    ("page down", [PAGE_DOWN], 60),
    ("page up", [PAGE_UP], 30),
    ("last row, first row", [END, HOME], 30),
    ("fold and open a folder", [ENTER], 40),
    ("previous, next layer", [b"[", b"]"], 40),
    ("sort by size, by name", [b"s", b"s"], 20),
    ("own, merged", [b"a", b"a"], 20),
    ("changes only, all", [b"c", b"c"], 20),
    ("fold all, open all", [b"Z", b"Z"], 20),
)
"""The keys pressed in the tree, in this order, with the number of presses."""

_BLINK = 300
"""Bytes that a blinking cursor does not write."""

WORDS = (b"config", b"lib", b"test", b"*.py", b"usr/li", b"zzz")
"""Words typed into the filter letter by letter, and deleted again."""


@dataclass
class Answers:
    """The response times of one kind of key, in seconds."""

    name: str
    first: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)

    def press(self, terminal: Terminal, key: bytes, least: int = 0) -> None:
        """Press a key and wait for the whole answer, in which output of less than ``least`` bytes does not count."""
        pressed = terminal.press(key)
        self.first.append(terminal.first_byte() - pressed)
        self.whole.append(terminal.settle(_PAUSE, least) - pressed)

    def line(self) -> str:
        """Return the figures: median, 95th and 99th percentile in milliseconds."""
        return f"{self.name:28}{len(self.first):8}   {_percentiles(self.first)}   {_percentiles(self.whole)}"


def _percentiles(seconds: list[float]) -> str:
    if len(seconds) < 2:  # too few for quantiles
        return " " * 21
    cuts = quantiles(seconds, n=100, method="inclusive")
    return "".join(f"{1000 * cuts[place]:7.1f}" for place in (49, 94, 98))


def while_loading(terminal: Terminal, layers: int) -> Answers:
    """Switch between layers until all are read."""
    answers = Answers("layer, while layers load")
    moves = cycle([(b"[", layers - 1), (b"]", layers)] if layers > 1 else [])
    for key, layer in moves:
        if terminal.has_shown(LOADED):
            break
        pressed = terminal.press(key)
        answers.first.append(terminal.shows(f"Files after layer {layer}\\b") - pressed)
        terminal.settle(0.03)
    # the text may have appeared before the last key
    if not terminal.has_shown(LOADED):
        terminal.shows(LOADED)
    return answers


def in_tree(terminal: Terminal) -> list[Answers]:
    """Press all keys of the tree while every folder is open."""
    found = []
    terminal.press(b"Z")
    terminal.settle(0.5)
    for name, keys, count in TREE_KEYS:
        answers = Answers(name)
        for _, key in zip(range(count), cycle(keys), strict=False):
            answers.press(terminal, key)
        found.append(answers)
    return found


def in_filter(terminal: Terminal) -> Answers:
    """Type words into the filter, and delete them again."""
    answers = Answers("filter, a letter")
    terminal.press(b"/")
    terminal.settle(0.5)
    for word in WORDS:
        for letter in word:
            answers.press(terminal, bytes([letter]), _BLINK)
        for _ in word:
            answers.press(terminal, BACKSPACE, _BLINK)
    terminal.press(ESCAPE)
    terminal.settle(0.5)
    return answers


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image")
    options = parser.parse_args()
    with open_image(options.image) as session:
        layers = len(session.image.layers)
    layerscope = [str(Path(sys.executable).with_name("layerscope")), options.image]
    print(f"{'milliseconds':28} presses   first: 50 %   95 %   99 %  whole: 50 %   95 %   99 %")
    with Terminal(layerscope) as terminal:
        terminal.shows("Files after layer")
        print(while_loading(terminal, layers).line())
        terminal.settle(1.0)
        in_list = Answers("cursor in the layer list")
        for _, key in zip(range(30), cycle([UP, DOWN]), strict=False):
            in_list.press(terminal, key)
        terminal.press(TAB)
        terminal.settle(0.5)
        for answers in (in_list, *in_tree(terminal), in_filter(terminal)):
            print(answers.line())


if __name__ == "__main__":
    main()
