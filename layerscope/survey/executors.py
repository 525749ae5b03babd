"""The executors of a survey's tasks: processes of this machine, or a Dask cluster, whose client is one as well."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from multiprocessing import active_children, get_context, parent_process
from typing import Any, TypeVar

from layerscope.errors import LayerscopeError, UsageError
from layerscope.signals import end_process
from layerscope.text import printable_line, short_name
from layerscope.work import start_thread

Item = TypeVar("Item")
Result = TypeVar("Result")

_MOST_BREAKS = 3
"""Workers that may die one after another, with no task done in between, before the survey ends."""


class Workers(AbstractContextManager["Workers"]):
    """Processes of this machine, of which ``at_once`` work at the same time. A context manager: they end with it."""

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once
        self.executor = self._started()

    def _started(self) -> Executor:
        return ProcessPoolExecutor(self.at_once, get_context("spawn"), _start_process)

    def replace_dead(self) -> None:
        """Replace the workers after one of them has died."""
        self.executor.shutdown()
        self.executor = self._started()

    def stop(self) -> None:
        """End what is being done: a shutdown alone waits for it."""
        for process in active_children():
            process.terminate()

    def __exit__(self, *_exit: object) -> None:
        self.executor.shutdown(cancel_futures=True)


class DaskWorkers(Workers):
    """The workers of a Dask cluster, which replaces those that die."""

    def __init__(self, address: str) -> None:
        """Connect to a scheduler; raises UsageError and LayerscopeError."""
        try:
            from distributed import Client  # noqa: PLC0415  # an extra, and 300 ms
        except ModuleNotFoundError as error:
            raise UsageError(f"a survey by Dask needs {error.name}: pip install 'layerscope[survey,dask]'") from error
        try:
            untyped: Any = Client
            self._client = untyped(address)
        except (OSError, ValueError) as error:
            reason = printable_line(str(error)) or "timeout"
            raise LayerscopeError(f"no Dask scheduler answers at {short_name(address)}: {reason}") from error
        super().__init__(max(1, len(self._client.ncores())))

    def _started(self) -> Executor:
        executor: Executor = self._client.get_executor(pure=False)
        return executor

    def stop(self) -> None:
        """Leave the rest to `__exit__`: closing the client cancels what is waiting or being done."""

    def __exit__(self, *_exit: object) -> None:
        self._client.close()


def _start_process() -> None:
    """Let this process end with the one that started it, in whatever way that ends."""
    parent = parent_process()
    assert parent is not None  # noqa: S101  # the process of the survey has started this one

    def end_after_parent() -> None:
        parent.join()
        end_process(1)

    start_thread(end_after_parent)


def done_batches(
    workers: Workers, work: Callable[[Sequence[Item]], Result], batches: Sequence[Sequence[Item]]
) -> Iterator[tuple[Sequence[Item], Result]]:
    """Yield each batch with its result, in the order in which they end.

    Batches of a worker that died are done again, one item at a time, so that one bad item does not end the others.
    Raises LayerscopeError if workers go on dying.
    """
    waiting, breaks = list(batches), 0
    while waiting and breaks <= _MOST_BREAKS:
        futures: dict[Future[Result], Sequence[Item]] = {workers.executor.submit(work, each): each for each in waiting}
        try:
            for future in as_completed(list(futures)):
                result = future.result()
                yield futures.pop(future), result
                breaks = 0
        except BrokenProcessPool:
            breaks += 1
            workers.replace_dead()
        except BaseException as error:
            for future in futures:
                future.cancel()
            workers.stop()
            if type(error).__module__.startswith("distributed"):
                raise LayerscopeError(f"the Dask cluster failed: {printable_line(str(error))}") from error
            raise
        waiting = [[item] for batch in futures.values() for item in batch]
    if waiting:
        raise LayerscopeError("processes that read images were ended again and again: the same command goes on")
