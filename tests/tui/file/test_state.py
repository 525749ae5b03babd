from array import array

from layerscope.analysis.text.search import Found, parse_search
from layerscope.tui.file.state import Hits


def hits(*offsets: int, complete: bool = True) -> Hits:
    search = parse_search("x")
    assert search is not None
    return Hits(search, array("Q", offsets), complete=complete)


def test_the_first_match_below_the_top_is_chosen_first() -> None:
    found = hits(10, 20, 30)
    assert found.settle(15)
    assert (found.chosen, found.words) == (20, "2 of 3 matches")
    assert not found.settle(15), "no further step is wanted"


def test_steps_wrap_around_once_all_matches_are_known() -> None:
    found = hits(10, 20, 30)
    found.wanted = 4
    found.settle(-1)
    assert found.chosen == 10
    found.wanted = -2
    found.settle(-1)
    assert found.chosen == 20


def test_steps_wait_for_matches() -> None:
    found = hits(10, complete=False)
    found.wanted = 3
    assert found.settle(-1)
    assert (found.chosen, found.wanted, found.words) == (10, 2, "1 of 1+ matches")
    found.take(Found((20, 30, 40), 100), 200)
    assert found.settle(-1)
    assert (found.chosen, found.words) == (30, "3 of 4+ matches")
    found.take(Found((), 200), 200)
    assert found.words == "3 of 4 matches"


def test_a_step_back_from_the_start_waits_for_the_last_match() -> None:
    found = hits(10, complete=False)
    found.chosen, found.wanted = 10, -1
    assert not found.settle(0)
    found.take(Found((90,), 100), 100)
    assert found.settle(0)
    assert found.chosen == 90


def test_no_match_ends_all_steps() -> None:
    found = hits()
    assert not found.settle(-1)
    assert (found.wanted, found.words) == (0, "no match")
