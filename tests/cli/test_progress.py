"""The progress bar: only where somebody looks, and only where there is something to wait for."""

import io
import sys
from threading import Event

import pytest

from layerscope.cli.progress import ReadingProgress
from layerscope.work import pause, pause_words, start_thread


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def looked_at(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """Let somebody look at standard error."""
    monkeypatch.setenv("TERM", "xterm-256color")
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    return screen


def test_waiting_for_another_programs_first_byte_shows_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = looked_at(monkeypatch)
    with ReadingProgress("reading [b]x[/y]") as progress:
        progress(0, None)
        progress(5_000_000, 10_000_000)
    assert "reading [b]x[/y]" in screen.getvalue()
    assert "10.0 MB" in screen.getvalue()


def test_a_bar_says_what_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    screen, ended = looked_at(monkeypatch), Event()
    thread = start_thread(lambda: pause(30, ended))
    with ReadingProgress("reading") as progress:
        while not pause_words():
            pass
        progress(0, None)
    ended.set()
    thread.join()
    assert "waiting 30 seconds for the registry" in screen.getvalue()
    assert pause_words() == ""


def test_quick_work_shows_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = looked_at(monkeypatch)
    with ReadingProgress("reading") as progress:
        progress(5, 10)
        progress(10, 10)
    assert screen.getvalue() == ""


def test_no_bar_is_shown_if_stderr_is_not_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with ReadingProgress("reading") as progress:
        progress(0, None)
        progress(5, 10)
    assert capsys.readouterr().err == ""
