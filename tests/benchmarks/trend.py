"""Measure `layerscope trend` on 100 tags of a registry: the whole process the first time, and once it knows them.

    PYTHONPATH=. python tests/benchmarks/trend.py

The registry is the one of the tests, in a process of its own. Run it in the repository, with the Python of an
environment with layerscope and the tests' dependencies installed.
"""

import argparse
import multiprocessing
import statistics
import tempfile
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

from known_image import first_seconds, seconds

from tests.builders import file, image, layer, oci_layout
from tests.registry_server import registry

_BASES = 9
"""Layers that a release shares with the ten around it; one is its own."""


def write_layout(folder: Path, tags: int) -> Path:
    """Write a layout with releases that share most layers."""
    recipes = []
    for number in range(tags):
        shared = [layer(file(f"base/{at}", b"%d" % (number // 10 * _BASES + at) * 500)) for at in range(_BASES)]
        recipe = image(*shared, layer(file("app", b"%d" % number * 900)))
        recipes.append(replace(recipe, tags=(f"1.{number}",)))
    return oci_layout(folder / "layout", *recipes)


def serve(layout: Path, address: Connection) -> None:
    """Serve the layout until the other end says so."""
    with registry(layout) as server:
        address.send(server.host)
        address.recv()


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tags", type=int, default=100)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    ours, theirs = multiprocessing.Pipe()
    with tempfile.TemporaryDirectory() as folder:
        layout = write_layout(Path(folder), options.tags)
        process = multiprocessing.get_context("spawn").Process(target=serve, args=(layout, theirs))
        process.start()
        command, cache = ["trend", f"registry://{ours.recv()}/app", "--json"], Path(folder) / "cache"
        for name, run in (("first time", first_seconds), ("known", seconds)):
            taken = [run(command, cache) for _ in range(options.times)]
            print(f"{name}: {statistics.median(taken):.2f} s (best {min(taken):.2f} s)")
        ours.send(None)
        process.join()


if __name__ == "__main__":
    main()
