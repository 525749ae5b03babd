"""Time the whole process of `layerscope layers IMAGE --json` against another command, in pairs, with peak memory.

    python tests/benchmarks/layers_command.py large.tar                         # against sha256sum over the same file
    python tests/benchmarks/layers_command.py large.tar --against 'dive --ci docker-archive://{}'
    python tests/benchmarks/layers_command.py large.tar --command '/old/bin/layerscope layers {} --json'

In a command, {} stands for the image. Run it with the Python of the environment that layerscope is installed in.
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
"""The unit of `ru_maxrss` differs by system."""


class Command:
    """A command whose runs are timed."""

    def __init__(self, template: str, image: str) -> None:
        self.words = [word.replace("{}", image) for word in shlex.split(template)]
        self.peak = 0.0

    def run(self) -> float:
        """Run it, and return the seconds from its start to its end; the peak memory is kept in MiB."""
        started = time.perf_counter()
        process = subprocess.Popen(self.words, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{shlex.join(self.words)} ended with status {process.returncode}")
        self.peak = max(self.peak, usage.ru_maxrss * _MAXRSS_IN_MIB)
        return seconds


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image")
    layerscope = Path(sys.executable).with_name("layerscope")
    parser.add_argument("--command", default=f"{shlex.quote(str(layerscope))} layers {{}} --json")
    parser.add_argument("--against", default="sha256sum {}")
    parser.add_argument("--pairs", type=int, default=7)
    options = parser.parse_args()
    one, other = Command(options.command, options.image), Command(options.against, options.image)
    pairs = in_pairs(one.run, other.run, options.pairs)
    print_pairs(pairs, Path(one.words[0]).name, Path(other.words[0]).name)
    print(f"peak memory: {one.peak:.0f} MiB, {other.peak:.0f} MiB")


if __name__ == "__main__":
    main()
