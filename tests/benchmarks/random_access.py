"""Measure the time to open a file in a compressed layer, against decompressing the layer from its start.

    python tests/benchmarks/make_image.py large.tar --entries 20000 --layers 1 --size 1GB --compression gzip
    python tests/benchmarks/random_access.py large.tar

The first file needs one pass over the layer, which the explorer makes after its first paint; then files at random
positions are opened. Opening a file means reading the part of it that a screen shows first.
"""

import argparse
import random
import time
from collections.abc import Callable
from statistics import median, quantiles

from pairs import in_pairs, print_pairs

from layerscope.model.entries import Kind
from layerscope.session.image_session import ImageSession
from layerscope.session.loaded_image import FileContents
from layerscope.session.open import open_image

HEAD = 64 * 1024
"""The number of bytes to read from each file."""


def some_files(session: ImageSession, count: int) -> list[int]:
    """Return occurrences of regular files from all parts of the image."""
    tree = session.load().tree
    files = [each for each, row in enumerate(tree.index.rows) if row >= 0 and tree.kind(each) is Kind.FILE]
    return random.Random(1).sample(files, min(count, len(files)))  # noqa: S311  # the same files each time


def prepare(contents: FileContents, session: ImageSession, files: list[int]) -> float:
    """Make one pass over each layer with one of the files, and return the seconds."""
    started = time.perf_counter()
    for layer in {session.load().tree.index.layers[file] for file in files}:
        first = next(file for file in files if session.load().tree.index.layers[file] == layer)
        for _ in contents.prepare(first):
            pass
    return time.perf_counter() - started


def timed(read: Callable[[int], object], files: list[int]) -> Callable[[], float]:
    """Return a function that reads the next file and returns the seconds."""
    remaining = iter(files * 1000)

    def run() -> float:
        started = time.perf_counter()
        read(next(remaining))
        return time.perf_counter() - started

    return run


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image")
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--pairs", type=int, default=7)
    options = parser.parse_args()
    with open_image(options.image) as session:
        files, contents = some_files(session, options.files), session.load().contents
        print(f"one pass over the layers: {prepare(contents, session, files):.2f} s")
        opened = timed(lambda file: contents.read_range(file, 0, HEAD), files)
        seconds = [opened() for _ in files]
        print(f"a file, of {len(files)}: median {median(seconds) * 1000:.1f} ms, ", end="")
        print(f"95th percentile {quantiles(seconds, n=20)[-1] * 1000:.1f} ms, longest {max(seconds) * 1000:.1f} ms")
        whole = timed(lambda file: next(contents.chunks(file), b"")[:HEAD], files)
        print_pairs(in_pairs(whole, opened, options.pairs), "from start", "random access")


if __name__ == "__main__":
    main()
