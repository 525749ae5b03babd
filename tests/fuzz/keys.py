"""Random keys, clicks and sizes, sent faster than screens change: ``python -m tests.fuzz.keys --help``."""

import argparse
import asyncio
import fcntl
import os
import struct
import sys
import tempfile
import termios
import time
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from textual import events
from textual.drivers.headless_driver import HeadlessDriver
from textual.geometry import Size
from textual.screen import Screen

from layerscope.cache.record import PLACE_VARIABLE
from layerscope.extraction.extract import extract
from layerscope.extraction.options import Extracted
from layerscope.settings.preferences import CONFIG_VARIABLE, STATE_VARIABLE
from layerscope.tui.comparison.layers import ComparedLayers
from layerscope.tui.comparison.screen import ComparisonScreen
from layerscope.tui.dialogs import extract as dialog
from layerscope.tui.dialogs.extract import ExtractScreen
from layerscope.tui.dialogs.help import HelpScreen
from layerscope.tui.dialogs.palette import PaletteScreen
from layerscope.tui.dockerfile.screen import DockerfileScreen
from layerscope.tui.explorer.screen import ExplorerScreen
from layerscope.tui.file.history import HistoryScreen
from layerscope.tui.file.screen import FileScreen
from layerscope.tui.file_diff.screen import FileDiffScreen
from layerscope.tui.images.chooser import ChooserScreen
from layerscope.tui.images.start import StartScreen
from layerscope.tui.size.screen import SizeScreen
from tests.cli.pty_run import OnTerminal
from tests.samples import SAMPLES
from tests.tui.journeys import MY_APP, Journey, choosing, comparing, comparing_layers, journey, starting

_explorer = partial(journey, MY_APP)


@asynccontextmanager
async def _with_dockerfile(size: tuple[int, int]) -> AsyncIterator[Journey]:
    async with _explorer(size) as at:
        at.explorer.session.dockerfile_name = str(SAMPLES / "dockerfiles/my-app/v1/Dockerfile")
        yield at


def _found(name: str, *then: str) -> str:
    """Return the keys that find a file in the tree, and what is pressed then."""
    return " ".join(("tab", "slash", *name, "enter", *then))


_STARTS: dict[str, tuple[Callable[[tuple[int, int]], AbstractAsyncContextManager[Journey]], str, type[Screen[Any]]]] = {
    "explorer": (_explorer, "", ExplorerScreen),
    "start": (starting, "", StartScreen),
    "chooser": (partial(choosing, SAMPLES / "platforms.oci.tar"), "", ChooserScreen),
    "images": (partial(comparing, MY_APP, SAMPLES / "my-app-v2.tar"), "", ComparisonScreen),
    "layers": (partial(comparing_layers, MY_APP, ComparedLayers(1, 3)), "", ComparisonScreen),
    "size": (_explorer, "w", SizeScreen),
    "size list": (_explorer, "w 5", SizeScreen),
    "map": (_explorer, "w 4", SizeScreen),
    "Dockerfile": (_with_dockerfile, "F", DockerfileScreen),
    "file": (_explorer, _found("settings", "enter"), FileScreen),
    "history": (_explorer, _found("settings", "H"), HistoryScreen),
    "file diff": (_explorer, _found("settings", "d"), FileDiffScreen),
    "extract": (_explorer, "x", ExtractScreen),
    "help": (_explorer, "question_mark", HelpScreen),
    "palette": (_explorer, "ctrl+p", PaletteScreen),
}
"""The screens to start from, by name: how to open the application, the keys that lead there, and what is there."""

_SIZES = ((20, 5), (40, 12), (80, 24), (110, 35), (160, 45), (200, 60))

_BATCH = 8
"""Events that are sent without waiting."""

_PATIENCE = 120
"""Seconds that a run may take."""

_LETTERS = "abcdefghijklmnoprstuvwxyz"
"""All but the one that quits."""

_SIGNS = {"slash": "/", "question_mark": "?", "left_square_bracket": "[", "right_square_bracket": "]", "space": " "}

_CODES = {
    "escape": "\x1b",
    "enter": "\r",
    "tab": "\t",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "backspace": "\x7f",
    "ctrl+p": "\x10",
}
"""The bytes that a terminal sends for a key."""

_KEYS = [*_LETTERS, *_LETTERS.upper(), *"0123456789", *_SIGNS, *[*_CODES] * 4]

_HARMLESS = {"PAGER": "true", "EDITOR": "true", "VISUAL": "true"}


def _click(x: int, y: int) -> list[events.Event]:
    return [kind(None, x, y, 0, 0, 1, False, False, False) for kind in (events.MouseDown, events.MouseUp)]


def _resize(at: Journey, size: Size) -> None:
    assert isinstance(at.app._driver, HeadlessDriver)
    at.app._driver._size = size
    at.app.post_message(events.Resize(size, size))


def _send(at: Journey, dice: Random) -> None:
    """Send a key, a click or a size, and wait for nothing."""
    kind = dice.random()
    if kind < 0.9:
        name = dice.choice(_KEYS)
        at.app.post_message(events.Key(name, _SIGNS.get(name, name if len(name) == 1 else None)))
    elif kind < 0.98:
        for event in _click(dice.randrange(at.app.size.width), dice.randrange(at.app.size.height)):
            at.app.post_message(event)
    else:
        _resize(at, Size(*dice.choice(_SIZES)))


async def _play(seed: int, keys: int) -> None:
    dice = Random(seed)
    screens, way, start = list(_STARTS.values())[seed % len(_STARTS)]
    async with asyncio.timeout(_PATIENCE), screens(dice.choice(_SIZES)) as at:
        await at.press(*way.split())
        await at.settle()
        assert isinstance(at.app.screen, start)
        for _ in range(keys // _BATCH):
            for _ in range(_BATCH):
                _send(at, dice)
            await asyncio.sleep(dice.choice((0, 0, 0.01, 0.05)))
            if at.app._exit:
                # by the palette's command, or by an error, which is raised at the end of the journey
                return
        # a dialog that writes is stopped, then closed, and may be over a prompt
        for name in ("escape", "escape", "escape", "q"):
            # what was sent before may not have been looked at yet
            arrived = asyncio.Event()
            at.app.call_later(arrived.set)
            await at.until(lambda: arrived.is_set() or at.app._exit)  # noqa: B023  # waited for at once
            await at.settle()
            await at.press(name)
        assert at.app._exit, f"q does not quit {at.app.screen}, where {at.app.focused} has the keys"


def _extract_here(opened: Any, nodes: Any, layer: int, target: str, **options: Any) -> Extracted:
    """Extract below the current folder, whatever was typed."""
    return extract(opened, nodes, layer, target.lstrip("/") or "all", **options)


def play(seed: int, keys: int) -> str:
    """Send so many keys to the screen of a seed, then quit; return the traceback of what went wrong."""
    try:
        with patch.object(dialog, "extract", _extract_here), patch.dict(os.environ, _HARMLESS):
            asyncio.run(_play(seed, keys))
    except Exception as error:  # noqa: BLE001  # any of them is a finding
        return f"seed {seed}, {list(_STARTS)[seed % len(_STARTS)]}:\n{''.join(traceback.format_exception(error))}"
    return ""


def play_on_terminal(seed: int, keys: int) -> str:
    """Send so many keys to an explorer on a terminal, then quit; return what it wrote if it ended in another way."""
    dice = Random(seed)
    # a slash could begin the folder that files are extracted to
    names = [name for name in _KEYS if name != "slash"]
    with patch.dict(os.environ, _HARMLESS), OnTerminal(MY_APP) as explorer:
        explorer.wait_for("Layers")
        for _ in range(keys // _BATCH):
            chosen = [dice.choice(names) for _ in range(_BATCH)]
            x, y = dice.randrange(1, 20), dice.randrange(1, 20)
            clicks = [f"\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m"] if dice.random() < 0.5 else []
            if dice.random() < 0.1:
                width, height = dice.choice(_SIZES)
                fcntl.ioctl(explorer._screen, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
            explorer.press("".join(_CODES.get(name, _SIGNS.get(name, name)) for name in chosen) + "".join(clicks))
            explorer.read_for(0.02)
        for code in ("\x1b", "\x1b", "q"):
            explorer.read_for(1)
            explorer.press(code)
        status = explorer.status()
        if status or not explorer.is_as_before:
            return f"seed {seed} on a terminal: status {status}\n{explorer.written[-4000:].decode(errors='replace')}"
    return ""


def main() -> int:
    """Play seed after seed, and return 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.keys", description="Send random keys to all screens.")
    parser.add_argument("--seed", type=int, default=1, help="the first one (default: 1)")
    parser.add_argument("--runs", type=int, default=10_000, help="how many seeds (default: 10000)")
    parser.add_argument("--keys", type=int, default=560, help="keys of a run (default: 560)")
    parser.add_argument("--seconds", type=float, default=60, help="start no run after so many seconds (default: 60)")
    parser.add_argument("--terminal", action="store_true", help="on a terminal, which is slower, from the explorer")
    options = parser.parse_args()
    run, started, found, runs = play_on_terminal if options.terminal else play, time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory(prefix="layerscope-keys-") as folder:
        places = {CONFIG_VARIABLE: "config", STATE_VARIABLE: "state", PLACE_VARIABLE: "cache"}
        os.environ.update({name: str(Path(folder, place)) for name, place in places.items()})
        os.environ.update(DOCKER_HOST="unix:///no/docker.sock", CONTAINER_HOST="unix:///no/podman.sock")
        os.chdir(folder)
        # for the start screen
        Path(MY_APP.name).symlink_to(MY_APP)
        for seed in range(options.seed, options.seed + options.runs):
            if time.monotonic() - started > options.seconds:
                break
            problem = run(seed, options.keys)
            runs, found = runs + 1, found + bool(problem)
            print(problem, end="", flush=True)
    print(f"{runs} runs from seed {options.seed}, {found} findings, {time.monotonic() - started:.0f} s")
    return int(bool(found or not runs))


if __name__ == "__main__":
    sys.exit(main())
