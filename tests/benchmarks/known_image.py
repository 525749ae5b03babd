"""Measure the whole process of a command on an image that the cache knows, against the first time.

    python tests/benchmarks/known_image.py large.tar

Run it with the Python of an environment with layerscope installed. An archive that was written in the last two seconds
is not kept.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from pairs import in_pairs, print_pairs

LAYERSCOPE = str(Path(sys.executable).with_name("layerscope"))


def seconds(arguments: list[str], cache: Path) -> float:
    """Return the duration of a command with that cache."""
    environment = {**os.environ, "LAYERSCOPE_CACHE_DIR": str(cache)}
    started = time.perf_counter()
    subprocess.run([LAYERSCOPE, *arguments], env=environment, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def first_seconds(arguments: list[str], cache: Path) -> float:
    """Return the duration with an empty cache."""
    shutil.rmtree(cache, ignore_errors=True)
    return seconds(arguments, cache)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image")
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    commands = (["layers"], ["layers", "--json"], ["why", "--json"], ["diff", "--json"])
    with tempfile.TemporaryDirectory() as folder:
        for name, *form in commands:
            command = [name, options.image, *(["0..1"] if name == "diff" else []), *form]
            print(" ".join(command))
            again = partial(seconds, command, Path(folder) / "known")
            pairs = in_pairs(again, partial(first_seconds, command, Path(folder) / "empty"), options.pairs)
            print_pairs(pairs, "known", "first time")


if __name__ == "__main__":
    main()
