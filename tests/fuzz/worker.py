"""A process that runs cases one after another, within limits of memory and time."""

import ctypes
import faulthandler
import gc
import os
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import TextIO

MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """The limits of a command: processor seconds, and MiB of memory."""

    seconds: float
    mebibytes: int


@dataclass(frozen=True)
class Started:
    """A case has begun."""

    number: int


@dataclass(frozen=True)
class Finding:
    """Something that must not happen."""

    number: int
    command: str
    problem: str
    recipe: str


@dataclass(frozen=True)
class Done:
    """A case has ended."""

    number: int
    commands: int
    valid: bool


Message = Started | Finding | Done

_SMALL_IMAGE = 1_000_000
_SMALL_LIMITS = (5.0, 300)
"""Tighter limits, processor seconds and MiB, for listings of images whose file is small."""

_LISTINGS = ("layers", "tree", "why", "history", "diff", "check")

_MOST_KEPT = 150
"""MiB that earlier runs may leave in a worker before it is replaced: Python seldom returns all memory to the system."""

_WALL_FACTOR = 12
"""The limit of a command in seconds, as a multiple of its processor seconds: some wait without using the processor."""

_ADDRESS_SPACE = 2560
"""MiB that a worker can map at all: a run beyond the limit is seen, and does not take the machine's memory."""


class TooSlow(BaseException):
    """A run has used its seconds."""


@dataclass(frozen=True)
class Order:
    """The cases that a worker runs.

    ``trace`` is the file for the stack of a worker that hangs, ``keep`` a folder to save images in. A worker that is
    ``verbose`` prints each recipe, and the seconds and memory of each command.
    """

    seed: int
    numbers: Sequence[int]
    limits: Limits
    trace: str
    keep: str | None
    verbose: bool


def work(connection: Connection, order: Order) -> None:
    """Run cases, and send a message for each start, finding and end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE * MIB, _ADDRESS_SPACE * MIB))
    scratch = Path(order.trace).parent
    with Path(order.trace).open("w") as file, tempfile.TemporaryDirectory(prefix="worker-", dir=scratch) as root:
        _isolate(Path(root))
        runner = _Runner(connection, order, Path(root), file)
        signal.signal(signal.SIGPROF, runner.on_timer)
        for number in order.numbers:
            try:
                runner.run(number)
            except BrokenPipeError:  # the fuzzer itself was ended
                break
            if _reset_peak() > _MOST_KEPT:
                break


def _isolate(root: Path) -> None:
    """Keep every default place for files in the worker's own folder, and engines out of reach."""
    for name in ("home", "tmp"):
        (root / name).mkdir()
    os.environ.update(
        HOME=str(root / "home"),
        TMPDIR=str(root / "tmp"),
        XDG_CACHE_HOME=str(root / "home/cache"),
        XDG_CONFIG_HOME=str(root / "home/config"),
        XDG_STATE_HOME=str(root / "home/state"),
        DOCKER_HOST="unix:///no/docker.sock",
        CONTAINER_HOST="unix:///no/podman.sock",
        NO_COLOR="1",
    )
    tempfile.tempdir = str(root / "tmp")
    os.chdir(root / "home")


class _Runner:
    """Runs the cases of a worker in its folder."""

    def __init__(self, connection: Connection, order: Order, root: Path, trace: TextIO) -> None:
        self._connection = connection
        self._order = order
        self._root = root
        self._trace = trace
        self._armed = False
        self._seconds = 0.0

    def on_timer(self, _number: int, _frame: FrameType | None) -> None:
        """Interrupt a run that has used its processor seconds."""
        if self._armed:
            self._armed = False
            raise TooSlow

    def run(self, number: int) -> None:
        """Run one case: the commands, and the oracle if the image is valid."""
        from tests.fuzz import commands  # noqa: PLC0415  # imports layerscope, in the environment of the worker
        from tests.fuzz.agreement import disagreements_of_ways  # noqa: PLC0415  # the same
        from tests.fuzz.case import Kind, make_case  # noqa: PLC0415  # the same

        self._connection.send(Started(number))
        folder = self._root / "case"
        _remove(folder)
        (folder / "canary").mkdir(parents=True)
        (folder / "canary/kept").write_text("kept")
        case = make_case(self._order.seed, number, folder)
        if self._order.keep:
            _save(case.image, Path(self._order.keep))
        if self._order.verbose:
            print(_printable(case.recipe()))
        recipe, count = case.recipe(), 0
        for words in commands.command_lines(case, folder):
            count += 1
            for problem in self._problems(words, folder):
                self._connection.send(Finding(number, " ".join(words)[:300], problem, recipe))
        judges = {"agreement": disagreements_of_ways(case)} if case.kind is not Kind.HEAVY else {}
        if case.kind is Kind.VALID:
            judges["oracle"] = commands.disagreements(case, folder)
        for name, judge in judges.items():
            found: list[str] = []
            with self._measured(found, self._order.limits):
                found += list(judge)[:3]
            for problem in found:
                self._connection.send(Finding(number, name, problem, recipe))
        _remove(folder)
        self._connection.send(Done(number, count, case.kind is Kind.VALID))

    def _problems(self, words: list[str], folder: Path) -> list[str]:
        """Run a command, and return what it should not have done."""
        from tests.fuzz import commands  # noqa: PLC0415  # as above

        found: list[str] = []
        before, files = _written(folder), _open_files()
        status, is_cut = None, False
        with self._measured(found, self._limits_of(words)):
            outcome = commands.run_command(words)
            status, is_cut = outcome.status, outcome.is_cut
            found += outcome.problems()
        if self._order.verbose:
            print(
                f"{status} {self._seconds:8.2f} s {_mebibytes('VmHWM'):5} MiB  {_printable(' '.join(words))[:200]}",
                flush=True,
            )
        # after a broken pipe, the output stays redirected to a descriptor of its own
        if _open_files() > files and not is_cut:
            found.append("a file is still open")
        found += _side_effects(folder, before)
        _remove(folder / "out")
        temporary = self._root / "tmp"
        if leftover := sorted(path.name for path in temporary.iterdir()):
            found.append(f"left in the folder for temporary files: {leftover}")
            _remove(temporary)
            temporary.mkdir()
        return found

    def _limits_of(self, words: list[str]) -> Limits:
        limits, image = self._order.limits, Path(words[1])
        if words[0] not in _LISTINGS or not image.is_file() or image.stat().st_size >= _SMALL_IMAGE:
            return limits
        seconds, mebibytes = _SMALL_LIMITS
        return Limits(min(seconds, limits.seconds), min(mebibytes, limits.mebibytes))

    @contextmanager
    def _measured(self, found: list[str], limits: Limits) -> Iterator[None]:
        """Add a finding for a run that exceeds the limits, or that raises what the command line should have caught."""
        kept = max(0, _reset_peak() - _MOST_KEPT)
        self._trace.truncate(0)
        faulthandler.dump_traceback_later(self._order.limits.seconds * _WALL_FACTOR, exit=True, file=self._trace)
        self._armed = True
        signal.setitimer(signal.ITIMER_PROF, limits.seconds)
        started = time.process_time()
        try:
            yield
        except BaseException as error:  # noqa: BLE001  # whatever it is, it is a finding
            found.append("".join(traceback.format_exception(error))[-3000:])
        finally:
            self._armed = False
            signal.setitimer(signal.ITIMER_PROF, 0)
            # the fuzzer's own work, such as removing what was extracted, has no limit
            faulthandler.cancel_dump_traceback_later()
        self._seconds = time.process_time() - started
        if self._seconds > limits.seconds:
            found.append(f"took {self._seconds:.1f} processor seconds")
        if (peak := _mebibytes("VmHWM") - kept) > limits.mebibytes:
            found.append(f"took {peak} MiB of memory")


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _remove(folder: Path) -> None:
    # the trees of some cases are deeper than Python's rmtree can take
    if folder.exists():
        subprocess.run(["rm", "-rf", "--", str(folder)], check=False)


def _open_files() -> int:
    descriptors = Path("/proc/self/fd")
    return len(list(descriptors.iterdir())) if descriptors.exists() else 0


def _save(image: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if image.is_dir():
        shutil.copytree(image, folder / image.name, dirs_exist_ok=True, symlinks=True)
    else:
        shutil.copy(image, folder)


def _written(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Return the files near the target of an extraction, with sizes, times and modes; those of the cache left out."""
    found = {}
    for path in [
        folder,
        folder.parent,
        *folder.iterdir(),
        *(folder / "canary").iterdir(),
        *folder.parent.glob("home/*"),
    ]:
        if path.name not in ("out", "tmp", "case", "cache") and not path.name.startswith("report"):
            status = path.lstat()
            is_folder = path.is_dir() and not path.is_symlink()
            found[str(path)] = (
                0 if is_folder else status.st_size,
                0 if is_folder else status.st_mtime_ns,
                oct(status.st_mode),
            )
    return found


def _side_effects(folder: Path, before: dict[str, tuple[int, int, str]]) -> Iterator[str]:
    after = _written(folder)
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            yield f"changed outside the target: {path}: {before.get(path)} is now {after.get(path)}"


def _reset_peak() -> int:
    """Return unused memory to the system, measure the peak from here on, and return the MiB that are in use."""
    gc.collect()
    # what is left are modules and their tables, which later collections then skip: they would take 80 ms each
    gc.freeze()
    if hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        # on other systems, the peak since the start of the process counts
        return 0
    return _mebibytes("VmRSS")


def _mebibytes(line: str) -> int:
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return int(status.partition(f"{line}:")[2].split()[0]) // 1024
