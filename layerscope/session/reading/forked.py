"""Work in several processes that are forked from this one: a fork takes 1 ms, and nothing is imported again.

Only a process without other threads is forked: a lock that another thread holds would stay locked in the copy.
"""

import fcntl
import marshal
import os
import pickle
import select
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from io import FileIO
from typing import Any, Generic, TypeVar

from layerscope.errors import LayerscopeError, ReadingStopped
from layerscope.signals import end_process, fork
from layerscope.work import IsStopped, become_worker, is_cancelled

_LOOK_AGAIN = 100
"""Milliseconds between two looks at whether the work has been cancelled."""

_PIPE_SIZE = 1024 * 1024
"""The bytes that a worker may be ahead of this process, while that does something else."""

_INDEX, _LENGTH = 4, 8
_MESSAGE, _ERROR, _END = b"m", b"e", b"."

Item = TypeVar("Item")
Work = Callable[[Item, IsStopped], Iterator[Any]]


class ForkedWork(Generic[Item]):
    """Processes that work on items and send messages about them; a context manager that ends them.

    ``work`` yields messages that `marshal` can write; whatever else it changes is not seen in this process. The system
    may start fewer processes than ``count``, and ``is_started`` is False if it starts none.
    """

    def __init__(self, work: Work[Item], items: Sequence[Item], count: int) -> None:
        self._work = work
        self._items = items
        self._workers: dict[int, _Worker] = {}
        self._has_more = False
        self._waiting = 0
        """Orders that have been given, and whose end has not been reported."""
        with suppress(OSError):
            # one queue for all: who is idle takes the next order
            self._order_source, self._orders = os.pipe()
            self._has_more = True
            while len(self._workers) < count:
                self._start()

    @property
    def is_started(self) -> bool:
        """True if there is a process to work."""
        return bool(self._workers)

    def messages(self, following: Iterator[int], *, ahead: int = 0) -> Iterator[tuple[int, Any]]:
        """Yield the index of an item and a message about it, as they come; None after the last one of an item.

        A worker that is idle gets the next index that ``following`` yields. So many are asked for ``ahead``, so that no
        worker waits while this process does something else. Raises the error that ended the work on an item,
        ReadingStopped, and LayerscopeError if a process was killed.
        """
        poll = select.poll()
        for descriptor in self._workers:
            poll.register(descriptor, select.POLLIN)
        self._give(following, len(self._workers) + ahead)
        while self._workers:
            for descriptor, _ in poll.poll(_LOOK_AGAIN):
                received = self._workers[descriptor].receive()
                if received is None:
                    poll.unregister(descriptor)
                    self._workers.pop(descriptor).end()
                    continue
                index, message = received
                if message is None:
                    self._waiting -= 1
                    self._give(following, len(self._workers) + ahead)
                yield index, message
            if is_cancelled():
                raise ReadingStopped("reading the layers was stopped")

    def _give(self, following: Iterator[int], most: int) -> None:
        """Give orders until so many wait; after the last one, workers end, because they hold memory."""
        while self._has_more and self._waiting < most:
            index = next(following, None)
            if index is None:
                self._close_orders()
            else:
                self._waiting += 1
                os.write(self._orders, index.to_bytes(_INDEX, "big"))

    def _close_orders(self) -> None:
        if self._has_more:
            self._has_more = False
            os.close(self._order_source)
            os.close(self._orders)

    def __enter__(self) -> "ForkedWork[Item]":
        return self

    def __exit__(self, *_exit: object) -> None:
        self._close_orders()
        while self._workers:
            _, worker = self._workers.popitem()
            worker.end()

    def _start(self) -> None:
        parent = os.getpid()
        answers, answer_target = os.pipe()
        try:
            process = fork()
        except OSError:
            os.close(answers)
            os.close(answer_target)
            raise
        if process:
            os.close(answer_target)
            self._workers[answers] = _Worker(process, answers)
            return
        status = 1
        with suppress(BaseException):
            # it must not keep open what ends the others when this process closes it
            for worker in self._workers.values():
                worker.close()
            os.close(self._orders)
            os.close(answers)
            become_worker()
            _answer(self._work, self._items, self._order_source, answer_target, parent)
            status = 0
        # without the clean-up that is left to the first process
        end_process(status)


class _Worker:
    """The other end of a worker's pipe."""

    def __init__(self, process: int, answers: int) -> None:
        self._process = process
        self._answers = FileIO(answers, "rb")
        with suppress(OSError):
            # an unprivileged user may have too many pipes of this size
            fcntl.fcntl(answers, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)

    def receive(self) -> tuple[int, Any] | None:
        """Return the index of an item, and a message about it or None for its end; raises the error that ended it.

        Return None once the worker has ended because there are no more orders.
        """
        head = self._read(_INDEX + _LENGTH + 1)
        if not head:
            return None
        index, size, kind = head[:_INDEX], head[_INDEX:-1], head[-1:]
        body = self._read(int.from_bytes(size, "big"))
        if kind == _ERROR:
            raise _error_from(body)
        return int.from_bytes(index, "big"), marshal.loads(body) if kind == _MESSAGE else None  # noqa: S302  # the same

    def _read(self, size: int) -> bytearray:
        """Return so many bytes, or none if the worker has ended as it should."""
        data = bytearray(size)
        left = memoryview(data)
        while left:
            count = self._answers.readinto(left)
            if not count:
                self._check_end()
                return bytearray()
            left = left[count:]
        return data

    def _check_end(self) -> None:
        _, status = os.waitpid(self._process, 0)
        self._process = 0
        number = os.waitstatus_to_exitcode(status)
        if number:
            cause = f"killed by signal {-number}" if number < 0 else f"status {number}"
            raise LayerscopeError(f"a process that reads the layers ended early ({cause})")

    def close(self) -> None:
        self._answers.close()

    def end(self) -> None:
        self.close()
        if self._process:
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)


def _answer(work: Work[Item], items: Sequence[Item], orders: int, answers: int, parent: int) -> None:
    """Work on the items that are ordered until no order comes, in a process of its own."""
    with open(answers, "wb", buffering=0) as target:

        def send(kind: bytes, body: bytes) -> None:
            left = memoryview(index + len(body).to_bytes(_LENGTH, "big") + kind + body)
            while left:
                left = left[target.write(left) :]

        while index := os.read(orders, _INDEX):
            try:
                # a parent that was killed can stop nothing
                for message in work(items[int.from_bytes(index, "big")], lambda: os.getppid() != parent):
                    send(_MESSAGE, marshal.dumps(message))
            except BaseException as error:  # noqa: BLE001  # raised again in the first process
                send(_ERROR, _pickled(error))
            else:
                send(_END, b"")


def _error_from(body: bytearray) -> BaseException:
    error: BaseException = pickle.loads(body)  # noqa: S301  # a copy of this process wrote it
    return error


def _pickled(error: BaseException) -> bytes:
    try:
        data: bytes = pickle.dumps(error)
    except (pickle.PicklingError, AttributeError, TypeError):
        # an error that cannot be copied is still one to report
        data = pickle.dumps(RuntimeError(repr(error)))
    return data
