"""Measure layerscope's walk over the headers of plain tars against tarfile's, in pairs in one process.

    python tests/benchmarks/tar_walk.py layer.tar other.tar

Any plain tar will do: an archive of a folder with many files, or a layer of an image. Garbage collection is off for
both, as in the command; with it, tarfile takes longer.
"""

import argparse
import gc
import tarfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from pairs import in_pairs, print_pairs

from layerscope.model.entries import LayerEntries
from layerscope.model.image import Compression, FileSpan
from layerscope.sources.tar.blocks import open_blocks
from layerscope.sources.tar.walk import walk


def ours(path: Path) -> int:
    """Walk with layerscope, and return the number of entries."""
    size = path.stat().st_size
    entries = LayerEntries()
    with closing(open_blocks(FileSpan(str(path), 0, size, size), Compression.NONE)) as blocks:
        for _ in walk(blocks, entries):
            pass
    return len(entries.table) + len(entries.whiteouts) + len(entries.opaque_whiteouts)


def tarfiles(path: Path) -> int:
    """Walk with tarfile, and return the number of entries."""
    with tarfile.open(path, "r:", errors="surrogateescape") as tar:
        return sum(1 for _ in tar)


def timed(walk_over: Callable[[Path], int], path: Path) -> Callable[[], float]:
    """Return a function that walks once and returns the seconds."""

    def run() -> float:
        gc.collect()
        started = time.perf_counter()
        walk_over(path)
        return time.perf_counter() - started

    return run


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tar", nargs="+", type=Path)
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    gc.disable()
    for path in options.tar:
        print(f"{path}: {ours(path):,} entries")
        # the slower one first: the ratio then says how many times faster layerscope is
        print_pairs(in_pairs(timed(tarfiles, path), timed(ours, path), options.pairs), "tarfile", "layerscope")


if __name__ == "__main__":
    main()
