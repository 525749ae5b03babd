"""Running the application to its end, by a key, by a signal, or because its terminal is gone.

A signal is handled between two pieces of the application's work. If it cannot end the application in time, because a
terminal that takes no output blocks it, a watchdog thread ends the process.
"""

import asyncio
import os
import select
import termios
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from threading import Event
from typing import IO, Any

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from layerscope.errors import LayerscopeError
from layerscope.signals import BY_SIGNAL, end_process, handled_signals
from layerscope.tui.keys.order import is_open
from layerscope.tui.keys.workers import Writers
from layerscope.tui.services import OpenedImage
from layerscope.work import start_thread

_RETRY = 0.02
"""Seconds until an ending signal is tried again while the first screen is being laid out."""

_PATIENCE = 1.3
"""Seconds after a signal until the watchdog ends the process."""

GRACE = 0.5
"""Seconds that a thread has at the end to stop reading."""

_STDERR = 2

_LEAVE = b"\x1b[?2004l\x1b[?7h\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
"""Textual's driver writes this at its end: it leaves the alternate screen and turns off what it turned on."""


def run(app: App[LayerscopeError], images: Sequence[OpenedImage], writers: Writers) -> None:
    """Run the application until it ends.

    Raises the error that ended it, and SystemExit after a signal. The ``images`` are not closed, but no reading of
    their content keeps the application from ending; only its ``writers`` are waited for.
    """
    app.driver_class = _Terminal
    ending = _Ending(app, images, writers)
    try:
        with asyncio.Runner() as runner, ending.on_signals(runner.get_loop()):
            runner.get_loop().set_default_executor(WorkerThreads(writers))
            try:
                error = runner.run(app.run_async())
            finally:
                for image in images:
                    image.stop_reading()
    finally:
        ending.is_done.set()
        if ending.signal is not None:
            raise SystemExit(BY_SIGNAL + ending.signal)
    if error is not None:
        raise error
    if app.return_code:
        raise LayerscopeError("internal error in the explorer, shown above; please report it")


class WorkerThreads(ThreadPoolExecutor):
    """The threads of Textual's workers; at the end, only those that write files are waited for.

    Others are given time to stop reading, but nothing interrupts a comparison of millions of paths.
    """

    def __init__(self, writers: Writers) -> None:
        super().__init__()
        self._writers = writers
        self._works = set[Future[Any]]()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Start work, and remember it until it is done."""
        work = super().submit(fn, *args, **kwargs)
        self._works.add(work)
        work.add_done_callback(self._works.discard)
        return work

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002  # from the base class
        """End the threads that can be ended."""
        futures.wait(tuple(self._works), GRACE)
        while self._writers.at_work:
            futures.wait(tuple(self._works), GRACE)
        super().shutdown(wait=False)


class _Ending:
    """The end of an application by a signal."""

    def __init__(self, app: App[LayerscopeError], images: Sequence[OpenedImage], writers: Writers) -> None:
        self._app = app
        self._images = images
        self._writers = writers
        self.is_done = Event()
        self.signal: int | None = None

    @contextmanager
    def on_signals(self, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        """End the application on a signal. Ignored signals stay ignored.

        An exception from a signal handler would end the task that happens to run, and be reported as its error.
        """

        def end(number: int) -> None:
            if self.signal is None:
                self.signal = number
                start_thread(self._watch)
                loop.call_soon_threadsafe(self._exit, loop)

        # The loop's own handlers would also be called while other code has replaced the signal's handler.
        with handled_signals(end):
            yield

    def _exit(self, loop: asyncio.AbstractEventLoop) -> None:
        for image in self._images:
            image.stop_reading()
        if is_open(self._app):
            self._app.exit()
        else:
            loop.call_later(_RETRY, self._exit, loop)

    def _watch(self) -> None:
        """End the process if the application does not end; what is left to be removed of files is waited for."""
        while not self.is_done.wait(_PATIENCE):
            if self._app.is_running or not self._writers.at_work:
                break
        else:
            return
        try:
            driver = self._app._driver  # noqa: SLF001  # Textual has no public name for it
            if isinstance(driver, _Terminal):
                driver.leave()
            for image in self._images:
                image.close()
        finally:
            end_process(BY_SIGNAL + (self.signal or 0))


class _Terminal(LinuxDriver):
    """Textual's driver, for a terminal that may go away while it is used."""

    def __init__(self, app: App[Any], **settings: Any) -> None:
        super().__init__(app, **settings)
        self._end = partial(app.call_later, app.exit, LayerscopeError("the terminal is gone"))
        assert self._file is not None  # noqa: S101  # the explorer runs with its streams open
        self._file = _LastingFile(self._file, self._end)  # type: ignore[assignment]  # it has the methods that are used

    def run_input_thread(self) -> None:
        """Read keys until the end, or until the terminal is gone."""
        try:
            super().run_input_thread()
        except OSError:
            self._end()

    def leave(self) -> None:
        """Restore the terminal as far as that needs no waiting, for a process that is about to end."""
        if self.attrs_before is not None:
            with suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
        with suppress(OSError):
            if select.select([], [_STDERR], [], 0)[1]:
                os.write(_STDERR, _LEAVE)


class _LastingFile:
    """The terminal's file; once the terminal is gone, output is discarded, and ``on_loss`` has been called.

    Textual's output thread ends at the first error, and then every write waits for it without end.
    """

    def __init__(self, file: IO[str], on_loss: Callable[[], object]) -> None:
        self._file = file
        self._on_loss = on_loss
        self._is_lost = False

    def write(self, text: str) -> None:
        """Write to the terminal, or discard the text."""
        self._try(lambda: self._file.write(text))

    def flush(self) -> None:
        """Flush the terminal's file."""
        self._try(self._file.flush)

    def fileno(self) -> int:
        """Return the file's descriptor."""
        return self._file.fileno()

    def isatty(self) -> bool:
        return self._file.isatty()

    def _try(self, write: Callable[[], object]) -> None:
        if self._is_lost:
            return
        try:
            write()
        except OSError:
            self._is_lost = True
            self._on_loss()
