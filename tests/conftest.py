"""Fixtures and hooks of all tests."""

import gc
import os
import signal
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings

from layerscope.cache import identity
from layerscope.cache.record import PLACE_VARIABLE
from layerscope.settings.preferences import CONFIG_VARIABLE, STATE_VARIABLE
from layerscope.sources.open import open_source
from tests.builders import Opener
from tests.listings import ListTar, list_tar

settings.register_profile("layerscope", derandomize=True, deadline=None)
settings.load_profile("layerscope")


_WHOLE_SUITE = "LAYERSCOPE_WHOLE_SUITE"

_REAL = ("engine", "browser")
"""Markers of tests that need a program that many machines lack."""


# A shell starts background jobs with SIGINT ignored, nohup ignores SIGHUP, and the commands that tests end by these
# signals would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Start four workers on two processors for ``-n auto``: tests of the TUI wait for timers half of the time."""
    return 2 * _processors()


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def pytest_configure(config: pytest.Config) -> None:
    """Note for all processes whether all tests are to run: only the first one knows the arguments."""
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        os.environ[_WHOLE_SUITE] = "1"


def pytest_collection_finish() -> None:
    """Collect garbage less often: full collections look at all modules and tests, and took a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 50, 100)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the tests with engines unless they are selected by their marker, and slow ones where all others run."""
    if _WHOLE_SUITE in os.environ and "thorough" not in config.option.markexpr:
        for item in items:
            if item.get_closest_marker("thorough"):
                item.add_marker(pytest.mark.skip(reason="slow tests need -m thorough, or their file's name"))
    if "engine" in config.option.markexpr:
        return
    for item in items:
        if item.get_closest_marker("engine"):
            item.add_marker(pytest.mark.skip(reason="tests with engines need -m engine"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail skipped tests with an engine or a browser if LAYERSCOPE_REQUIRE_ENGINES says that all are installed."""
    report = yield
    marked = any(map(item.get_closest_marker, _REAL))
    if report.skipped and marked and os.environ.get("LAYERSCOPE_REQUIRE_ENGINES"):
        report.outcome = "failed"
        reason = call.excinfo.value if call.excinfo else report.longrepr
        report.longrepr = f"skipped although LAYERSCOPE_REQUIRE_ENGINES is set: {reason}"
    return report


@pytest.fixture(autouse=True)
def _no_engines(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep tests without the engine marker away from the engines of this machine."""
    if request.node.get_closest_marker("engine") is None:
        monkeypatch.setenv("DOCKER_HOST", "unix:///no/docker.sock")
        monkeypatch.setenv("CONTAINER_HOST", "unix:///no/podman.sock")
        monkeypatch.delenv("CONTAINERD_ADDRESS", raising=False)
        monkeypatch.setattr("layerscope.sources.engine.endpoints.CONTAINERD_ROOTS", {})
        monkeypatch.delenv("DOCKER_TLS_VERIFY", raising=False)
        monkeypatch.delenv("DOCKER_CERT_PATH", raising=False)


@pytest.fixture(scope="session")
def _caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield a name for the cache of each test; a cache makes its folder when it keeps something."""
    return (tmp_path_factory.getbasetemp() / f"cache-{number}" for number in count())


@pytest.fixture(autouse=True)
def own_cache(_caches: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the test, and the commands that it runs, away from the user's cache; return the test's own."""
    place = next(_caches)
    monkeypatch.setenv(PLACE_VARIABLE, str(place))
    return place


@pytest.fixture(autouse=True)
def own_settings(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the test, and the commands that it runs, away from the user's settings; return the test's own folder."""
    place = own_cache.with_name(own_cache.name.replace("cache", "settings"))
    monkeypatch.setenv(CONFIG_VARIABLE, str(place))
    monkeypatch.setenv(STATE_VARIABLE, str(place))
    return place


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the cache keep what files hold that have just been written."""
    monkeypatch.setattr(identity, "_UNSETTLED_NANOSECONDS", -1)


@pytest.fixture(scope="session")
def listed(tmp_path_factory: pytest.TempPathFactory) -> ListTar:
    """List tars. The scope is the session because Hypothesis rejects fixtures with function scope."""
    path = tmp_path_factory.mktemp("tars") / "layer"
    return lambda blob: list_tar(path, blob)


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Open sources, and close them when the test ends."""
    with ExitStack() as stack:
        yield lambda path: stack.enter_context(open_source(str(path)))
