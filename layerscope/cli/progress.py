"""Progress of bytes that have to be copied or decompressed first: on standard error, where that is a terminal."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_PATIENCE_SECONDS = 0.25
"""What is done sooner shows no bar."""


class ReadingProgress:
    """A bar that comes when it is needed and goes when the work is done.

    A context manager, to be called with the bytes done and those there are in all, where that is known.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._started = time.monotonic()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __call__(self, done: int, total: int | None) -> None:
        """Show how far it has come."""
        if self._bar is None and self._is_worth_it(done):
            self._bar = _bar()
            self._bar.start()
        if self._bar is not None:
            if self._task is None:
                self._task = self._bar.add_task(self._title, total=total)
            self._bar.update(self._task, completed=done, total=total)

    def _is_worth_it(self, done: int) -> bool:
        """Tell whether somebody looks and waits: for the first byte of another program, or for long."""
        return sys.stderr.isatty() and (not done or time.monotonic() - self._started > _PATIENCE_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


def _bar() -> "Progress":
    from rich.console import Console  # noqa: PLC0415  # only where there is something to wait for
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    # a name is never markup
    title = TextColumn("{task.description}", markup=False)
    return Progress(
        title, BarColumn(), DownloadColumn(), TimeRemainingColumn(), console=Console(stderr=True), transient=True
    )
