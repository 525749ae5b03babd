"""Measure the figures of the README's table, on images that are made in a folder.

    python tests/benchmarks/figures.py /tmp/images
    python tests/benchmarks/figures.py /tmp/images --against 'dive --ci docker-archive://{}'

Commands are measured as whole processes, without the cache, against `sha256sum` over the same file or another command,
in which {} is replaced by the image. The memory is the sum over all processes of a command, where pages that several
have count once (the PSS of Linux), minus that for an image with a package. The images take 10 GB.
"""

import argparse
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

from first_paint import EMPTY_APP, last_instruction, until_shown
from key_latency import while_loading
from pairs import in_pairs
from terminal import Terminal

LAYERSCOPE = str(Path(sys.executable).with_name("layerscope"))
MAKER = str(Path(__file__).with_name("make_image.py"))
SAMPLING_SECONDS = 0.02


class Case(NamedTuple):
    """An image, by the arguments of its maker."""

    name: str
    title: str
    arguments: str


SMALL = Case("small", "400 MB, 6,100 entries", "--entries 6100 --layers 5 --size 400MB")
SMALL_GZIP = Case("small-gzip", "the same, gzip", f"{SMALL.arguments} --compression gzip")
OTHER_GZIP = Case("other-gzip", "its last layer changed", f"{SMALL_GZIP.arguments} --variant 2")
HEAVY = Case("heavy", "3.5 GB, 190,000 entries, 4 layers", "--entries 190000 --layers 4 --size 3.5GB --headers real")
HEAVY_GZIP = Case("heavy-gzip", "the same, gzip", f"{HEAVY.arguments} --compression gzip")
MILLION = Case("million", "a layer of 1,000,000 entries", "--entries 1000000 --layers 1 --size 100MB")
STACKED = Case("stacked", "1,000,000 entries in 4 layers", "--entries 1000000 --layers 4 --size 100MB")
EMPTY = Case("empty", "a package", "--entries 1 --layers 1 --size 0MB")
LISTED = (SMALL, SMALL_GZIP, HEAVY, HEAVY_GZIP, MILLION)


class Figure(NamedTuple):
    """A row of the table."""

    title: str
    value: str
    reference: str
    ratio: str


class Bench:
    """The images in a folder, the command to compare with, and the number of pairs."""

    def __init__(self, folder: Path, against: str, pairs: int) -> None:
        self._folder = folder
        self._against = against
        self._pairs = pairs

    def image(self, case: Case) -> str:
        """Return the path of an image, and make it where there is none."""
        path = self._folder / f"{case.name}.tar"
        if not path.exists():
            partial = path.with_suffix(".partial")
            subprocess.run([sys.executable, MAKER, str(partial), *case.arguments.split()], check=True)
            partial.rename(path)
        return str(path)

    def figures(self) -> Iterator[Figure]:
        """Yield the rows, each when it is measured."""
        for case in LISTED:
            image = self.image(case)
            reference = [word.replace("{}", image) for word in shlex.split(self._against)]
            yield self._seconds(f"`layers --json`, {case.title}", layers(image), reference)
        for case in (HEAVY, HEAVY_GZIP):
            image = self.image(case)
            why = [LAYERSCOPE, "why", image, "--json", "--no-cache"]
            yield self._seconds(f"`why --json`, {case.title}, against `layers`", why, layers(image))
        one, other = self.image(SMALL_GZIP), self.image(OTHER_GZIP)
        diff = [LAYERSCOPE, "diff", one, other, "--json", "--no-cache"]
        title = "`diff --json` of two gzip images with four shared layers, against `layers`"
        yield self._seconds(title, diff, layers(one))
        empty = memory(layers(self.image(EMPTY)))
        for case in (HEAVY, MILLION):
            used = median(memory(layers(self.image(case))) for _ in range(3)) - empty
            yield Figure(f"memory of `layers --json`, {case.title}", f"{used:.0f} MiB", f"{empty:.0f} MiB", "")
        image = self.image(SMALL)
        wanted = last_instruction(image)
        explorer, app = [LAYERSCOPE, image, "--no-cache"], [sys.executable, "-c", EMPTY_APP]
        yield self._timed(
            "first screen of the explorer, against an empty Textual app",
            lambda: until_shown(explorer, wanted),
            lambda: until_shown(app, "nothing to see"),
        )
        yield self._keys(STACKED)

    def _seconds(self, title: str, command: list[str], reference: list[str]) -> Figure:
        return self._timed(title, lambda: seconds(command), lambda: seconds(reference))

    def _timed(self, title: str, subject: Callable[[], float], reference: Callable[[], float]) -> Figure:
        pairs = in_pairs(subject, reference, self._pairs)
        ours, theirs = (median(column) for column in zip(*pairs, strict=True))
        return Figure(title, f"{ours:.2f} s", f"{theirs:.2f} s", f"{median(a / b for a, b in pairs):.2f}")

    def _keys(self, case: Case) -> Figure:
        with Terminal([LAYERSCOPE, self.image(case), "--no-cache"]) as terminal:
            terminal.shows("Files after layer")
            cuts = quantiles(while_loading(terminal, 4).first, n=20, method="inclusive")
        value = f"{1000 * cuts[9]:.0f} ms, {1000 * cuts[18]:.0f} ms at the 95th percentile"
        return Figure(f"choosing another layer while {case.title} load", value, "", "")


def layers(image: str) -> list[str]:
    """Return the command that lists the layers."""
    return [LAYERSCOPE, "layers", image, "--json", "--no-cache"]


def seconds(command: list[str]) -> float:
    """Return the duration of a command; ends the run where it fails."""
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def memory(command: list[str]) -> float:
    """Return the largest sum of the memory of a command's processes, in MiB."""
    largest = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            largest = max(largest, sum(map(proportional_size, with_children(process.pid))))
            time.sleep(SAMPLING_SECONDS)
    return largest / 1024


def with_children(process: int) -> Iterator[int]:
    """Yield a process and those that it has started."""
    yield process
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text("ascii").split()
    except OSError:
        return
    for child in children:
        yield from with_children(int(child))


def proportional_size(process: int) -> int:
    """Return the memory of a process in KiB, with its share of pages that others have, too; 0 once it has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="of the images")
    parser.add_argument("--against", default="sha256sum {}")
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)
    print(f"| measured | layerscope | {shlex.split(options.against)[0]}, or what is named | ratio |\n|---|---|---|---|")
    for figure in Bench(options.folder, options.against, options.pairs).figures():
        print(f"| {' | '.join(figure)} |", flush=True)


if __name__ == "__main__":
    main()
