"""What all tests share; its place lets them import `builders`."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from builders import Opener

from layerscope.sources.open import open_source


@pytest.fixture(autouse=True)
def _no_engines(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test reach a real engine but those that are marked for it."""
    if request.node.get_closest_marker("engine") is None:
        monkeypatch.setenv("DOCKER_HOST", "unix:///no/docker.sock")
        monkeypatch.setenv("CONTAINER_HOST", "unix:///no/podman.sock")
        monkeypatch.delenv("DOCKER_TLS_VERIFY", raising=False)
        monkeypatch.delenv("DOCKER_CERT_PATH", raising=False)


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Open sources that are closed when the test ends."""
    with ExitStack() as stack:
        yield lambda path: stack.enter_context(open_source(str(path)))
