"""The end of the application by a signal."""

import os
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from layerscope.tui.keys.workers import writing
from layerscope.tui.run import _Ending


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
    with writing():
        ending = _Ending(app, ())
        ending.is_done = _Waits()
        ending._watch()
        assert not exits
    ending.is_done = _Waits()
    ending._watch()
    assert exits == [128]
