"""A real browser without a screen, controlled through a pipe: no driver, no port, no network.

::

    with Chromium() as browser:
        browser.open(path, "#/usr")
        browser.evaluate("document.title")

The protocol: https://chromedevtools.github.io/devtools-protocol/; messages are JSON, each ended by a zero byte.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-default-browser-check",
    "--no-first-run",
    "--remote-debugging-pipe",
    "--window-size=1200,900",
)
_READS, _WRITES = 3, 4
"""The file descriptors that the browser takes commands from and answers to."""

_START = f"""
import os, sys
commands, answers = map(int, sys.argv[1:3])
os.dup2(commands, 100)
os.dup2(answers, 101)
os.dup2(100, {_READS})
os.dup2(101, {_WRITES})
os.execvp(sys.argv[3], sys.argv[3:])
"""
"""Puts the pipes in their places; they may lie in each other's."""

_PATIENCE_SECONDS = 60


class Chromium:
    """A browser with one page."""

    def __init__(self) -> None:
        command = next((name for name in _NAMES if shutil.which(name)), None)
        if command is None:
            pytest.skip("no Chromium on this machine")
        self._profile = tempfile.mkdtemp(prefix="layerscope-chromium-")
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        start = [sys.executable, "-c", _START, str(commands), str(answers), command]
        self._process = subprocess.Popen(  # the browser
            [*start, *_FLAGS, f"--user-data-dir={self._profile}", "about:blank"],
            pass_fds=(commands, answers),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        self.requests: list[str] = []
        self.complaints: list[str] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self._call(f"{domain}.enable")

    def open(self, path: Path, fragment: str = "") -> None:
        """Open a file, and wait until its script has run."""
        self._call("Page.navigate", url="about:blank")
        self._call("Page.navigate", url=path.as_uri() + fragment)
        self.wait_for("document.documentElement?.dataset.ready === 'true'")

    def wait_for(self, condition: str) -> None:
        """Wait until a condition holds on the page."""
        is_met = self.evaluate(
            f"new Promise((met) => {{ const end = Date.now() + {1000 * _PATIENCE_SECONDS};"
            f"const look = () => ({condition}) ? met(true) : Date.now() > end ? met(false) : setTimeout(look, 10);"
            "look(); })"
        )
        assert is_met, f"{condition} does not come; the page says {self.complaints}"

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression on the page; of a promise, what it comes to."""
        answer = self._call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def click(self, selector: str) -> None:
        """Click into the middle of an element, with the mouse."""
        box = self.evaluate(
            f"(() => {{ const one = document.querySelector({json.dumps(selector)});"
            "one.scrollIntoView({block: 'center', behavior: 'instant'});"
            "const box = one.getBoundingClientRect(); return [box.x + box.width / 2, box.y + 6]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def enter(self, text: str) -> None:
        """Type into what has the focus."""
        self._call("Input.insertText", text=text)

    def prefer(self, scheme: str) -> None:
        """Let the system be light or dark."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self._call("Emulation.setEmulatedMedia", features=[feature])

    def resize(self, width: int, height: int) -> None:
        """Give the page the size of another screen; 0 stands for that of the window."""
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=0, mobile=False)

    def screenshot(self) -> bytes:
        """Return a picture of what is in the window, as PNG."""
        return base64.b64decode(self._call("Page.captureScreenshot", format="png")["data"])

    def close(self) -> None:
        """End the browser."""
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._commands)
        os.close(self._answers)
        shutil.rmtree(self._profile, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        command: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            command["sessionId"] = self._session
        os.write(self._commands, json.dumps(command).encode() + b"\0")
        while True:
            message = self._message()
            if message.get("id") == self._number:
                assert "error" not in message, (method, message)
                result = message["result"]
                assert isinstance(result, dict)
                return result
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        """Keep what the page asks the network for, and what goes wrong in it."""
        facts = message.get("params", {})
        if message.get("method") == "Network.requestWillBeSent":
            self.requests.append(facts["request"]["url"])
        if message.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(facts["exceptionDetails"]["text"])
        if message.get("method") == "Log.entryAdded":
            self.complaints.append(facts["entry"]["text"])

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            read = os.read(self._answers, 65536)
            assert read, "the browser has gone"
            self._buffer += read
        message, _, self._buffer = self._buffer.partition(b"\0")
        found = json.loads(message)
        assert isinstance(found, dict)
        return found
