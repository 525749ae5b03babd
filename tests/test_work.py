from pathlib import Path
from threading import Event, current_thread, main_thread, stack_size

import pytest

from layerscope.debug_log import start_log, stop_log
from layerscope.work import IsStopped, in_parallel, processes_at_once, start_thread


def test_results_come_in_the_order_of_the_items() -> None:
    later = Event()

    def work(number: int, _is_stopped: IsStopped) -> int:
        if number == 1:
            later.set()
        else:
            later.wait(10)
        return number * number

    assert list(in_parallel(work, [0, 1, 2])) == [0, 1, 4]


def test_an_error_reaches_the_caller() -> None:
    def work(number: int, _is_stopped: IsStopped) -> int:
        return 1 // number

    results = in_parallel(work, [1, 0, 1])
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_a_caller_that_stops_early_stops_the_work() -> None:
    begun, stopped = Event(), Event()

    def work(number: int, is_stopped: IsStopped) -> int:
        if not number:
            begun.wait(10)
            return number
        begun.set()
        while not is_stopped():
            pass
        stopped.set()
        return number

    results = in_parallel(work, [0, 1])
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]  # it is a generator
    assert stopped.is_set()


def test_the_caller_does_the_work_if_no_thread_can_be_started() -> None:
    kept = stack_size(1 << 46)
    try:
        threads = list(in_parallel(lambda _number, _is_stopped: current_thread(), [1, 2, 3]))
    finally:
        stack_size(kept)
    assert threads == [main_thread()] * 3


def test_the_debug_log_says_why_no_process_is_forked(tmp_path: Path) -> None:
    log, others_may_end = tmp_path / "log", Event()
    start_log(str(log))
    other = start_thread(others_may_end.wait)
    try:
        assert processes_at_once() == 1
    finally:
        others_may_end.set()
        other.join()
        stop_log()
    assert "no process is forked: a lock that another thread holds would stay locked in the copy" in log.read_text()
