"""The end of the application: by a signal, and with threads at work."""

import os
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any

import pytest

from layerscope.tui import run
from layerscope.tui.keys.workers import Writers
from layerscope.tui.run import WorkerThreads, _Ending


class _Waits(Event):
    """An event that is set at the third time that it is waited for."""

    count = 0

    def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002  # from Event
        self.count += 1
        return self.count > 2


def test_files_that_are_being_removed_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    exits = list[int]()
    monkeypatch.setattr(os, "_exit", exits.append)
    app: Any = SimpleNamespace(is_running=False, _driver=None)
    writers = Writers()
    with writers.writing():
        ending = _Ending(app, (), writers)
        ending.is_done = _Waits()
        ending._watch()
        assert not exits
    ending.is_done = _Waits()
    ending._watch()
    assert exits == [128]


def test_the_end_does_not_wait_for_a_thread_that_nothing_interrupts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "GRACE", 0.01)
    threads, is_over = WorkerThreads(Writers()), Event()
    work = threads.submit(is_over.wait, 20)
    threads.shutdown()
    assert not work.done()
    is_over.set()


def test_the_end_waits_for_a_thread_that_removes_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "GRACE", 0.01)
    writers, has_started, may_end = Writers(), Event(), Event()
    threads = WorkerThreads(writers)

    def write() -> None:
        with writers.writing():
            has_started.set()
            may_end.wait(20)

    work = threads.submit(write)
    has_started.wait(20)
    end = Thread(target=threads.shutdown)
    end.start()
    end.join(0.1)
    assert end.is_alive()
    may_end.set()
    end.join(20)
    assert work.done()
