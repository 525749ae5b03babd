"""Measure time and peak memory of `layerscope layers IMAGE --json --no-cache` against another command, in pairs.

    python tests/benchmarks/layers_command.py large.tar                         # against sha256sum over the same file
    python tests/benchmarks/layers_command.py large.tar --against 'dive --ci docker-archive://{}'
    python tests/benchmarks/layers_command.py large.tar --command '/old/bin/layerscope layers {} --json'

In a command, {} is replaced by the image. Run it with the Python of an environment with layerscope installed.
"""

import argparse
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

from pairs import in_pairs, print_pairs

_MAXRSS_IN_MIB = 1 / 1024**2 if sys.platform == "darwin" else 1 / 1024
"""The factor from the unit of `ru_maxrss`, which depends on the system."""


class Command:
    """A command with timed runs."""

    def __init__(self, template: str, image: str) -> None:
        self.words = [word.replace("{}", image) for word in shlex.split(template)]
        self.peak = 0.0

    def run(self) -> float:
        """Run the command and return its duration in seconds; keep the peak memory in MiB."""
        started = time.perf_counter()
        process = subprocess.Popen(self.words, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{shlex.join(self.words)} failed with status {process.returncode}")
        self.peak = max(self.peak, usage.ru_maxrss * _MAXRSS_IN_MIB)
        return seconds


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image")
    layerscope = Path(sys.executable).with_name("layerscope")
    parser.add_argument("--command", default=f"{shlex.quote(str(layerscope))} layers {{}} --json --no-cache")
    parser.add_argument("--against", default="sha256sum {}")
    parser.add_argument("--pairs", type=int, default=7)
    options = parser.parse_args()
    command, reference = Command(options.command, options.image), Command(options.against, options.image)
    pairs = in_pairs(command.run, reference.run, options.pairs)
    print_pairs(pairs, Path(command.words[0]).name, Path(reference.words[0]).name)
    print(f"peak memory: {command.peak:.0f} MiB, {reference.peak:.0f} MiB")


if __name__ == "__main__":
    main()
