"""Signals wait while files move into place."""

import signal
import threading

import pytest

from layerscope.extraction.deferred_signals import deferred_signals


def test_a_signal_that_comes_meanwhile_comes_when_the_work_is_done() -> None:
    done: list[str] = []

    def work() -> None:
        with deferred_signals():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            done.append("whole")

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["whole"]
    assert signal.getsignal(signal.SIGINT) is before


def test_within_another_one_it_waits_for_the_outer_one() -> None:
    done: list[str] = []

    def work() -> None:
        with deferred_signals():
            with deferred_signals():
                signal.raise_signal(signal.SIGINT)
            done.append("outer")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["outer"]


def test_another_thread_is_never_interrupted_anyway() -> None:
    done: list[object] = []

    def work() -> None:
        with deferred_signals():
            done.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [signal.getsignal(signal.SIGINT)]
