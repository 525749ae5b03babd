"""A progress bar on standard error, for bytes that have to be copied or decompressed first, and for requests."""

import sys
import time
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from layerscope.work import pause_words

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from layerscope.survey.run import Step

_PATIENCE_SECONDS = 0.25
"""Work that ends sooner shows no bar."""


class ReadingProgress(AbstractContextManager["ReadingProgress"]):
    """A progress bar that appears when the work takes long, and disappears when it is done.

    Call it with the bytes done and the bytes in all, or None if that is unknown; or with the number of things if it
    ``counts``.
    """

    def __init__(self, title: str, *, counts: bool = False) -> None:
        self.title = title
        self._counts = counts
        self._started = time.monotonic()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __call__(self, done: int, total: int | None) -> None:
        if self._bar is None and self._is_wanted(done):
            self._bar = _bar(counts=self._counts)
            self._bar.start()
        if self._bar is not None:
            if self._task is None:
                self._task = self._bar.add_task(self.title, total=total)
            self._bar.update(self._task, completed=done, total=total, description=self.title)

    def _is_wanted(self, done: int) -> bool:
        """Return whether a user is waiting: for the first byte from another program, or for long."""
        return sys.stderr.isatty() and (not done or time.monotonic() - self._started > _PATIENCE_SECONDS)

    def __exit__(self, *_exit: object) -> None:
        if self._bar is not None:
            self._bar.stop()


class StageProgress(AbstractContextManager["StageProgress"]):
    """A bar for each stage of a survey that takes long, with things and bytes done, rate, and time left."""

    def __init__(self) -> None:
        self._stage: str | None = None
        self._bar: ReadingProgress | None = None

    def __call__(self, step: "Step") -> None:
        if step.stage != self._stage:
            self.__exit__()
            self._stage, self._bar = step.stage, ReadingProgress(step.stage, counts=not step.total_bytes)
        if self._bar is None:
            return
        if step.total_bytes:
            self._bar.title = f"{step.stage}: {step.done:,} of {step.total:,}"
            self._bar(step.done_bytes, step.total_bytes)
        else:
            self._bar(step.done, step.total)

    def __exit__(self, *_exit: object) -> None:
        if self._bar is not None:
            self._bar.__exit__()


def _bar(*, counts: bool) -> "Progress":
    from rich import console, progress, text  # noqa: PLC0415  # 60 ms, and only if there is something to wait for

    class Title(progress.TextColumn):
        """The title, which is never markup, or in its place what is waited for."""

        def render(self, task: progress.Task) -> text.Text:
            return text.Text(pause_words() or task.description)

    return progress.Progress(
        Title(""),
        progress.BarColumn(),
        *([progress.MofNCompleteColumn()] if counts else [progress.DownloadColumn(), progress.TransferSpeedColumn()]),
        progress.TimeElapsedColumn(),
        progress.TimeRemainingColumn(),
        console=console.Console(stderr=True),
        transient=True,
    )
