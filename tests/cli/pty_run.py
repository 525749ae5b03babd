"""Runs the command line on a terminal of its own, and presses keys.

::

    with OnTerminal(MY_APP) as explorer:
        explorer.wait_for("Layers")
        explorer.press("q")
        assert explorer.status() == 0
"""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from tests.cli.runner import start

_PATIENCE_SECONDS = 30


class OnTerminal:
    """A run whose standard output, and whatever is not given, is a terminal."""

    def __init__(
        self,
        *arguments: str | Path,
        stdin: IO[bytes] | None = None,
        stderr: IO[bytes] | None = None,
        controlling: bool = True,
        **facts: str,
    ) -> None:
        self._screen, own = pty.openpty()
        fcntl.ioctl(own, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))

        def take_terminal() -> None:
            os.setsid()
            if controlling:
                fcntl.ioctl(own, termios.TIOCSCTTY, 0)

        self._process = start(
            *arguments,
            stdin=stdin or own,
            stdout=own,
            stderr=stderr or own,
            preexec_fn=take_terminal,
            facts={"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **facts},
        )
        self.settings = termios.tcgetattr(own)
        self._own = own
        self.written = b""

    def wait_for(self, text: str) -> None:
        """Wait until the text has been written."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while text.encode() not in self.written:
            assert time.monotonic() < deadline, self.written
            self._read(0.1)

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._screen, keys.encode())

    def send(self, sent: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(sent)

    def wait_until_stopped(self) -> None:
        """Wait until the run has been suspended, and read what it writes until then."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while os.waitpid(self._process.pid, os.WUNTRACED | os.WNOHANG) == (0, 0):
            assert time.monotonic() < deadline, self.written
            self._read(0.05)
        while self._read(0.05):
            pass

    def read_for(self, seconds: float) -> None:
        """Read what is written, for a while."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._read(left)

    def close_terminal(self) -> None:
        """Close the terminal, as its window does: the run gets a SIGHUP, and every read and write fails."""
        os.close(self._own)
        os.close(self._screen)
        self._screen = self._own = -1

    def wait(self, seconds: float) -> int:
        """Wait for the end without reading the terminal, and return the exit status."""
        return self._process.wait(seconds)

    def status(self) -> int:
        """Wait for the end, and return the exit status."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self._process.poll() is None:
            assert time.monotonic() < deadline, self.written
            self._read(0.1)
        while self._read(0.05):
            pass
        return self._process.returncode

    @property
    def is_as_before(self) -> bool:
        """True if the terminal is set as it was, and shows what it showed before."""
        left = self.written.rfind(b"\x1b[?1049l") > self.written.rfind(b"\x1b[?1049h")
        return left and termios.tcgetattr(self._own) == self.settings

    def _read(self, seconds: float) -> bool:
        if not select.select([self._screen], [], [], seconds)[0]:
            return False
        self.written += os.read(self._screen, 65536)
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        if self._own >= 0:
            os.close(self._screen)
            os.close(self._own)
