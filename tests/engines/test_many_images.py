"""Many images of real engines: their releases over time, and a survey of all of them."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from layerscope.model.engine import Engine
from layerscope.sources.engine.answering import AnsweringEngines
from tests.builders import docker_archive
from tests.cli.runner import document
from tests.engines.tools import run
from tests.releases import CAUSES, RELEASES, releases

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module", params=["docker", "podman"])
def repository(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Load the releases into each engine, and yield their repository there."""
    engine, name = str(request.param), f"layerscope-test-{uuid.uuid4().hex[:12]}"
    with ExitStack() as stack:
        engines = AnsweringEngines(Engine(engine), stack)
        if not list(engines):
            pytest.skip(str(engines.unavailable()))
    run(engine, "load", "-i", docker_archive(tmp_path_factory.mktemp("archive") / "all.tar", *releases(name)))
    yield f"{engine}://{name}"
    run(engine, "rmi", "-f", *(f"{name}:1.{number}" for number in range(1, RELEASES + 1)))


def test_each_jump_of_releases_is_named_with_its_step(repository: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "trend", repository, "--deep")["releases"]
    assert [each["tag"] for each in found] == [f"1.{number}" for number in range(1, RELEASES + 1)]
    jumps = {
        number: (each["growth"], each["cause"]["layer"], each["cause"]["instruction"])
        for number, each in enumerate(found, 1)
        if each["cause"] is not None
    }
    assert jumps == CAUSES


def test_a_survey_of_an_engine_gives_the_tables_of_the_archive(repository: str, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="the extra survey is not installed")
    from tests.survey import data_set  # noqa: PLC0415  # it needs the extra

    name = repository.partition("://")[2]
    archive = docker_archive(tmp_path / "all.tar", *releases(name))
    for source, folder in ((archive, "archive"), (f"{repository.partition('://')[0]}://*", "engine")):
        assert data_set.run(source, "--match", f"*{name}:*", "-o", tmp_path / folder).returncode == 0
    for table in ("files", "layers", "steps", "packages", "dead", "secrets"):
        of_archive, of_engine = (
            sorted(map(repr, data_set.rows(tmp_path / folder, table))) for folder in ("archive", "engine")
        )
        assert of_archive == of_engine, table
    assert len(data_set.rows(tmp_path / "engine", "images")) == RELEASES
