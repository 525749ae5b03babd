"""Run the fuzzer: ``python -m tests.fuzz --help``."""

import argparse
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

from tests.fuzz.case import Kind, kind_of
from tests.fuzz.worker import Done, Finding, Limits, Message, Order, Started, work

_CASES_PER_WORKER = 200
"""A worker ends after so many cases, because memory that Python keeps would count as a finding in the end."""


_CASES_PER_LINE = 100
"""Cases after which the progress is printed."""


@dataclass
class Worker:
    """A worker process, and the number of its current case."""

    process: SpawnProcess
    connection: Connection
    trace: Path
    numbers: Sequence[int]
    at: int = -1
    inside: bool = False
    ended: bool = False


@dataclass
class Totals:
    """Counts and findings so far."""

    cases: int = 0
    valid: int = 0
    commands: int = 0
    findings: list[Finding] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)


class Fuzzer:
    """A run over many cases in several processes."""

    def __init__(self, options: argparse.Namespace, scratch: Path) -> None:
        self._options = options
        self._scratch = scratch
        self._limits = Limits(options.time, options.memory)
        numbers = range(options.first, options.first + options.cases)
        self._waiting = [n for n in numbers if options.kind is None or kind_of(options.seed, n) == options.kind]
        self._deadline = time.monotonic() + options.seconds if options.seconds else None
        self.totals = Totals()

    def run(self) -> None:
        """Run all cases, or those that fit into the seconds."""
        workers = [worker for _ in range(self._options.workers) if (worker := self._start())]
        try:
            while workers:
                ready = wait([worker.connection for worker in workers], timeout=1)
                for worker in list(workers):
                    if worker.connection in ready:
                        self._receive(worker)
                    if worker.ended or self._is_late():
                        workers.remove(worker)
                        self._stop(worker)
                        if (another := self._start()) is not None:
                            workers.append(another)
        finally:
            # after Ctrl+C, nobody else ends them, and they would go on writing into the folder that is being removed
            for worker in workers:
                self._stop(worker)

    def _is_late(self) -> bool:
        return self._deadline is not None and time.monotonic() > self._deadline

    def _start(self, numbers: Sequence[int] | None = None) -> Worker | None:
        if numbers is None:
            numbers, self._waiting = self._waiting[:_CASES_PER_WORKER], self._waiting[_CASES_PER_WORKER:]
        if not numbers or self._is_late():
            return None
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        trace = self._scratch / f"trace-{numbers[0]}"
        order = Order(
            self._options.seed, numbers, self._limits, str(trace), self._options.keep, self._options.case is not None
        )
        process = context.Process(target=work, args=(theirs, order), daemon=True)
        process.start()
        theirs.close()
        return Worker(process, ours, trace, numbers)

    def _receive(self, worker: Worker) -> None:
        try:
            message: Message = worker.connection.recv()
        except (EOFError, ConnectionResetError):
            self._ended(worker)
            return
        if isinstance(message, Started):
            worker.at, worker.inside = message.number, True
        elif isinstance(message, Done):
            self.totals.cases += 1
            if self.totals.cases % _CASES_PER_LINE == 0:
                print(f"{self.totals.cases} cases, {len(self.totals.findings)} findings", file=sys.stderr)
            self.totals.valid += message.valid
            self.totals.commands += message.commands
            worker.inside = False
            if message.number == worker.numbers[-1]:
                worker.ended = True
        else:
            self._found(message)

    def _ended(self, worker: Worker) -> None:
        """Continue after the end of a worker; if it ended inside a case, record that as a finding."""
        worker.ended = True
        worker.process.join(10)
        if worker.inside:
            self._died(worker)
        self._continue(worker)

    def _died(self, worker: Worker) -> None:
        trace = worker.trace.read_text() if worker.trace.exists() else ""
        problem = f"the process ended with status {worker.process.exitcode}\n{trace[-3000:]}"
        self._found(Finding(worker.at, "", problem, f"case {worker.at} of seed {self._options.seed}"))

    def _continue(self, worker: Worker) -> None:
        rest = [number for number in worker.numbers if number > worker.at]
        if rest and (another := self._start(rest)) is not None:
            # the worker in the list continues with the new process
            worker.process, worker.connection, worker.trace = another.process, another.connection, another.trace
            worker.numbers, worker.inside, worker.ended = rest, False, False

    def _stop(self, worker: Worker) -> None:
        if not worker.ended:
            worker.process.kill()
        worker.process.join(10)
        worker.connection.close()

    def _found(self, finding: Finding) -> None:
        kind = _kind(finding)
        self.totals.findings.append(finding)
        self.totals.kinds[kind] += 1
        if self.totals.kinds[kind] <= self._options.show:
            text = f"\n{finding.recipe}\n  {finding.command}\n{finding.problem}"
            print(text.encode("utf-8", "backslashreplace").decode(), flush=True)


def _kind(finding: Finding) -> str:
    """Return what findings of one cause share: the last line, and the place in the code or else the command."""
    lines = [line for line in finding.problem.strip().splitlines() if line.strip()]
    places = [line.strip() for line in lines if line.startswith("  File ") and "/fuzz/" not in line]
    last = "".join(character for character in lines[-1][:60] if not character.isdigit())
    return f"{last} ({places[-1] if places else finding.command.partition(' ')[0]})"


def parsed(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Run layerscope on odd images.")
    parser.add_argument("--seed", type=int, default=1, help="of all dice (default: 1)")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="the number of the first case (default: 0)")
    parser.add_argument("--cases", type=int, default=1000, help="how many numbers to go through (default: 1000)")
    parser.add_argument("--kind", choices=[*Kind], help="run only cases of one kind")
    parser.add_argument(
        "--case",
        type=int,
        metavar="N",
        help="run this case alone, and print its recipe and the figures of each command",
    )
    parser.add_argument("--seconds", type=float, help="end after so many seconds, whatever is left")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: one a processor)")
    parser.add_argument("--time", type=float, default=10, help="processor seconds of a command (default: 10)")
    parser.add_argument("--memory", type=int, default=1024, help="MiB of a command (default: 1024)")
    parser.add_argument("--show", type=int, default=1, help="findings of one kind that are printed (default: 1)")
    parser.add_argument("--keep", metavar="DIR", help="with --case: save the image in this folder")
    options = parser.parse_args(arguments)
    if options.case is not None:
        options.first, options.cases, options.workers = options.case, 1, 1
    return options


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make the folder of a run, and remove it in the end with all that stopped workers have left in it."""
    folder = tempfile.mkdtemp(prefix="layerscope-fuzz-")
    try:
        yield Path(folder)
    finally:
        # shutil goes no more than a thousand folders deep
        subprocess.run(["rm", "-rf", folder], check=True)  # a folder of this process


def main() -> int:
    """Run the fuzzer, print a summary, and return 1 if anything was found."""
    options = parsed()
    # the folder of the run is removed after SIGTERM as well
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    started = time.monotonic()
    with scratch_folder() as scratch:
        fuzzer = Fuzzer(options, scratch)
        fuzzer.run()
    totals, seconds = fuzzer.totals, time.monotonic() - started
    for kind, count in totals.kinds.most_common():
        print(f"{count:6} {kind}".encode("utf-8", "backslashreplace").decode())
    print(
        f"{totals.cases} cases of seed {options.seed} ({totals.valid} valid), {totals.commands} commands,"
        f" {len(totals.findings)} findings of {len(totals.kinds)} kinds, {seconds:.0f} s"
    )
    return 1 if totals.findings or not totals.cases else 0


if __name__ == "__main__":
    sys.exit(main())
