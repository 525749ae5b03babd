"""Pictures of a file and of a file diff, without descriptions, which depend on the version of libmagic."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from layerscope.session.image_session import ImageSession
from layerscope.session.open import open_image
from layerscope.tui.app import LIGHT
from layerscope.tui.file.screen import FileScreen
from layerscope.tui.file_diff.screen import FileDiffScreen
from layerscope.tui.file_screens import FileScreens
from tests.builders import docker_archive, file, image, layer, whiteout
from tests.tui.file.file_journeys import Host, revision

SnapCompare = Callable[..., bool]

OLD = """\
#!/usr/bin/env python3
\"\"\"Serves the pages.\"\"\"

import http.server
import os

PORT = 8000


class Pages(http.server.SimpleHTTPRequestHandler):
    # nothing is kept between two requests
    def do_GET(self):
        self.path = self.path.rstrip("/") or "/index.html"
        return super().do_GET()


if __name__ == "__main__":
    os.chdir("/var/www/html")
    http.server.HTTPServer(("", PORT), Pages).serve_forever()
"""
NEW = (
    OLD.replace("8000", "8080")
    .replace("    # nothing is kept between two requests\n", "")
    .replace("/var/www/html", "/srv")
)


def _settled(*keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Return what waits until all is shown, and then presses keys."""

    async def run(pilot: Pilot[None]) -> None:
        for key in ("", *keys):
            if key:
                await pilot.press(key)
            async with asyncio.timeout(30):
                await pilot.pause()
                while not all(worker.is_finished for worker in pilot.app.workers):
                    await pilot.pause()
            await pilot.pause()

    return run


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ImageSession]:
    monkeypatch.setattr("layerscope.session.files.text.description", lambda _: None)
    facts = {"mtime": 1_795_468_740}
    first = layer(file("app/serve.py", OLD.encode(), mode=0o755, **facts))
    second = layer(
        file("app/serve.py", NEW.encode(), mode=0o4755, uid=33, **facts), file("app/data", bytes(range(256)))
    )
    history = [
        {"created_by": "COPY serve.py /app/"},
        {"created_by": "RUN ./set-up --port 8080"},
        {"created_by": "RUN rm /app/data"},
    ]
    path = docker_archive(tmp_path / "image.tar", image(first, second, layer(whiteout("app/data")), history=history))
    with open_image(str(path)) as opened:
        yield opened


def _file(session: ImageSession, path: bytes) -> FileScreen:
    return FileScreen(revision(session, path.decode(), 3), FileScreens())


def _diff(session: ImageSession) -> FileDiffScreen:
    old, new = (revision(session, "app/serve.py", layer) for layer in (1, 2))
    return FileDiffScreen(old, new, FileScreens())


def test_a_text(snap_compare: SnapCompare, session: ImageSession) -> None:
    run = _settled("slash", *"path", "enter", "n")
    assert snap_compare(Host(_file(session, b"app/serve.py")), terminal_size=(110, 28), run_before=run)


def test_bytes_of_a_file_that_was_removed(snap_compare: SnapCompare, session: ImageSession) -> None:
    assert snap_compare(
        Host(_file(session, b"app/data")), terminal_size=(80, 24), run_before=_settled("slash", *"abc", "enter")
    )


def test_two_versions_beside_each_other(snap_compare: SnapCompare, session: ImageSession) -> None:
    assert snap_compare(Host(_diff(session)), terminal_size=(150, 28), run_before=_settled("n"))


def test_two_versions_in_one_column(snap_compare: SnapCompare, session: ImageSession) -> None:
    assert snap_compare(Host(_diff(session), LIGHT.name), terminal_size=(80, 24), run_before=_settled())


def test_the_history_of_a_path(snap_compare: SnapCompare, session: ImageSession) -> None:
    run = _settled("H", "m", "k")
    assert snap_compare(Host(_file(session, b"app/serve.py")), terminal_size=(100, 24), run_before=run)
