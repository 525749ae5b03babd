"""A program on a pseudo-terminal with timed output."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from types import TracebackType
from typing import Self

_CONTROL = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07|\x1b[@-Z\\-_]")
"""Escape sequences that position or colour text."""

_PATIENCE = 60.0
"""Seconds without output after which the program counts as hanging."""


class Terminal:
    """A program with its own terminal; a context manager that ends the program."""

    def __init__(self, command: list[str], columns: int = 160, lines: int = 45) -> None:
        facts = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
        # each run reads the layers
        environment = os.environ | facts | {"LAYERSCOPE_CACHE_DIR": os.devnull}
        self._written = bytearray()
        self._mark = 0
        self.started = time.perf_counter()
        self._process, self._screen = pty.fork()
        if self._process == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
            os.execvpe(command[0], command, environment)  # noqa: S606  # needs no shell

    def press(self, keys: bytes) -> float:
        """Type, and return the time; later output is the answer."""
        while self._read(0):
            pass
        self._mark = len(self._written)
        pressed = time.perf_counter()
        os.write(self._screen, keys)
        return pressed

    def first_byte(self) -> float:
        """Wait for output, and return the time when it came."""
        if not self._read(_PATIENCE):
            raise TimeoutError("the program does not answer")
        return time.perf_counter()

    def shows(self, pattern: str) -> float:
        """Wait until the answer matches the regular expression, ignoring colours, and return the time."""
        while not self._has(pattern, self._mark):
            if not self._read(_PATIENCE):
                raise TimeoutError(f"the program does not write {pattern!r}")
        return time.perf_counter()

    def has_shown(self, pattern: str) -> bool:
        """Return whether any output so far matches the regular expression."""
        return self._has(pattern, 0)

    def settle(self, quiet: float = 0.06, least: int = 0) -> float:
        """Read until there is no output for so many seconds, and return the time of the last output or of this call.

        Output of less than ``least`` bytes does not count.
        """
        last = time.perf_counter()
        written = len(self._written)
        while self._read(quiet):
            if len(self._written) - written >= least:
                last = time.perf_counter()
            written = len(self._written)
        return last

    def _has(self, pattern: str, start: int) -> bool:
        return re.search(pattern.encode(), _CONTROL.sub(b"", self._written[start:])) is not None

    def _read(self, seconds: float) -> bool:
        """Read output that comes within so many seconds, and return whether there was any."""
        ready, _, _ = select.select([self._screen], [], [], seconds)
        if ready:
            self._written += os.read(self._screen, 1 << 16)
        return bool(ready)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        os.close(self._screen)
