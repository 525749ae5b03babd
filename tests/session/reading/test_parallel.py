from threading import Event, current_thread, main_thread, stack_size

import pytest

from layerscope.session.reading.parallel import IsStopped, in_parallel


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
    stopped = Event()

    def work(number: int, is_stopped: IsStopped) -> int:
        while number and not is_stopped():
            pass
        if number:
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
