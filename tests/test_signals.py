"""Signals wait while files move into place."""

import signal
import threading

import pytest

from layerscope.signals import deferred_signals


def test_a_deferred_signal_takes_effect_after_the_block() -> None:
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


def test_nested_blocks_defer_until_the_outer_one_ends() -> None:
    done: list[str] = []

    def work() -> None:
        with deferred_signals():
            with deferred_signals():
                signal.raise_signal(signal.SIGINT)
            done.append("outer")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["outer"]


def test_other_threads_leave_signal_handlers_alone() -> None:
    done: list[object] = []

    def work() -> None:
        with deferred_signals():
            done.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [signal.getsignal(signal.SIGINT)]
