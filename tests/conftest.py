"""What all tests share; its place lets them import `builders` and `tars`."""

import os
import signal
from collections.abc import Generator, Iterator
from contextlib import ExitStack

import pytest
from hypothesis import settings

from layerscope.sources.open import open_source
from tests.builders import Opener
from tests.tars import ListTar, list_tar

settings.register_profile("layerscope", derandomize=True, deadline=None)
settings.load_profile("layerscope")


_REAL = ("engine", "browser")
"""Marks of tests that need a program which not every machine has."""


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # as a shell starts what it puts into the background: the commands that tests interrupt would not hear of it
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the engines of this machine alone unless they are asked for."""
    if "engine" in config.option.markexpr:
        return
    for item in items:
        if item.get_closest_marker("engine"):
            item.add_marker(pytest.mark.skip(reason="real engines are asked for with -m engine"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let no test with an engine or a browser be skipped where LAYERSCOPE_REQUIRE_ENGINES is set: all are at hand."""
    report = yield
    marked = any(map(item.get_closest_marker, _REAL))
    if report.skipped and marked and os.environ.get("LAYERSCOPE_REQUIRE_ENGINES"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be: {call.excinfo.value if call.excinfo else report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def _no_engines(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test reach a real engine but those that are marked for it."""
    if request.node.get_closest_marker("engine") is None:
        monkeypatch.setenv("DOCKER_HOST", "unix:///no/docker.sock")
        monkeypatch.setenv("CONTAINER_HOST", "unix:///no/podman.sock")
        monkeypatch.delenv("DOCKER_TLS_VERIFY", raising=False)
        monkeypatch.delenv("DOCKER_CERT_PATH", raising=False)


@pytest.fixture(scope="session")
def listed(tmp_path_factory: pytest.TempPathFactory) -> ListTar:
    """List tars; one file holds them in turn, so that property tests may ask for it as well."""
    path = tmp_path_factory.mktemp("tars") / "layer"
    return lambda blob: list_tar(path, blob)


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Open sources that are closed when the test ends."""
    with ExitStack() as stack:
        yield lambda path: stack.enter_context(open_source(str(path)))
