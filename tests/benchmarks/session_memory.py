"""Measure the memory of an open image in bytes per entry, minus the memory of an image without entries.

    python tests/benchmarks/session_memory.py million.tar

Two sessions are measured, each in its own process: one reads the layers itself, like a command; the other receives
the columns from a reader process, like the explorer. The figure is the resident memory once all layers are stacked and
unused memory has been returned to the system. Linux only.
"""

import argparse
import ctypes
import gc
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from make_image import write_image

from layerscope.session.image_session import ImageSession
from layerscope.session.open import open_image
from layerscope.session.reading.background import LayersStacked, read_in_background

MODES = {"command": "layers read by the process itself", "explorer": "layers read by a reader process"}


class Held(NamedTuple):
    """The number of entries in an image, and the memory of the process in bytes."""

    entries: int
    memory: int


def measure(mode: str, image: str) -> Held:
    """Open an image, read and stack all layers, and return the memory of the process."""
    gc.disable()
    with open_image(image) as session:
        entries, kept = _stacked(session) if mode == "command" else _handed_over(session)
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        del kept
        return Held(entries, pages * os.sysconf("SC_PAGE_SIZE"))


def _stacked(session: ImageSession) -> tuple[int, object]:
    return sum(tally.entries or 0 for tally in session.tallies.layers.values()), session.load().tree


def _handed_over(session: ImageSession) -> tuple[int, object]:
    reader = read_in_background(session, 1)
    last = None
    for event in reader.events():
        if isinstance(event, LayersStacked):
            last = event
    reader.close()
    assert last is not None
    return sum(tally.entries or 0 for tally in last.tallies.layers.values()), last.tree


def measured_beside(mode: str, image: str) -> Held:
    """Measure in a new process."""
    command = [sys.executable, __file__, "--measure", mode, image]
    entries, memory = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout.split()
    return Held(int(entries), int(memory))


def empty_image(folder: str) -> str:
    """Write an image with one empty layer."""
    path = Path(folder, "empty.tar")
    with path.open("wb") as file:
        write_image(file, iter([iter([])]), "plain", gzip=False)
    return str(path)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image")
    parser.add_argument("--measure", choices=MODES, help="measure one session in this process")
    options = parser.parse_args()
    if options.measure:
        print(*measure(options.measure, options.image))
        return
    with tempfile.TemporaryDirectory() as folder:
        empty = empty_image(folder)
        for mode, what in MODES.items():
            none, all_of_them = measured_beside(mode, empty), measured_beside(mode, options.image)
            held = all_of_them.memory - none.memory
            print(
                f"{what}: {held / 1e6:,.1f} MB over {none.memory / 1e6:,.1f} MB for {all_of_them.entries:,} entries,"
                f" {held / all_of_them.entries:.0f} bytes per entry"
            )


if __name__ == "__main__":
    main()
