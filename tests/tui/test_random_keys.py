"""Random keys, clicks and sizes, sent together: nothing but q ends the explorer."""

from pathlib import Path

import pytest

from tests.fuzz.keys import play, play_on_terminal
from tests.tui.journeys import MY_APP

pytestmark = pytest.mark.thorough


@pytest.mark.parametrize("seed", [0, 1, 3, 5, 7, 9, 12])
def test_no_key_ends_a_screen_but_q_does(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # for the start screen
    Path(MY_APP.name).symlink_to(MY_APP)
    assert not play(seed, 64)


def test_no_key_ends_the_explorer_on_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert not play_on_terminal(1, 160)
