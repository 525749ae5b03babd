"""Measure what the session of an image holds, in bytes an entry, over what it holds for an image without entries.

    python tests/benchmarks/session_memory.py million.tar

Two sessions are measured, each in a process of its own: one that reads the layers itself, as commands do, and one that
a reader process hands its columns, as in the explorer. What counts is the memory that the system has given to the
process once all layers are stacked, when what nobody refers to has been given back. For Linux.
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

from layerscope.session.open import ImageSession, open_image
from layerscope.session.reading.background import LayersStacked

MODES = {"command": "layers read by the process itself", "explorer": "layers read by a process beside it"}


class Held(NamedTuple):
    """Entries of an image, and the bytes of the process that has its session."""

    entries: int
    memory: int


def measure(mode: str, image: str) -> Held:
    """Open an image, have all layers read and stacked, and return what the process holds now."""
    gc.disable()
    with open_image(image) as session:
        entries, kept = _stacked(session) if mode == "command" else _handed_over(session)
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        del kept
        return Held(entries, pages * os.sysconf("SC_PAGE_SIZE"))


def _stacked(session: ImageSession) -> tuple[int, object]:
    return sum(tally.entries or 0 for tally in session.tallies.layers.values()), session.loaded.tree


def _handed_over(session: ImageSession) -> tuple[int, object]:
    reader = session.read_in_background(1)
    last = None
    for event in reader.events():
        if isinstance(event, LayersStacked):
            last = event
    reader.close()
    assert last is not None
    return sum(tally.entries or 0 for tally in last.tallies.layers.values()), last.tree


def measured_beside(mode: str, image: str) -> Held:
    """Measure in a process of its own."""
    command = [sys.executable, __file__, "--measure", mode, image]
    entries, memory = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout.split()
    return Held(int(entries), int(memory))


def empty_image(folder: str) -> str:
    """Write an image whose one layer holds nothing."""
    path = Path(folder, "empty.tar")
    with path.open("wb") as file:
        write_image(file, iter([iter([])]), gzip=False)
    return str(path)


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image")
    parser.add_argument("--measure", choices=MODES, help="measure one session in this very process")
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
                f" {held / all_of_them.entries:.0f} bytes an entry"
            )


if __name__ == "__main__":
    main()
