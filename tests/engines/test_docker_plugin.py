"""``docker layerscope``, run by the real docker."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from layerscope.cli import completion
from tests.cli.runner import COMMAND, MY_APP, launch
from tests.engines.test_engine_images import Loaded, kept
from tests.engines.tools import need, run

pytestmark = pytest.mark.engine


@pytest.fixture(autouse=True)
def _plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the plug-in in a configuration of docker's of its own."""
    need("docker", "--version")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    run(*COMMAND, "docker-plugin", "install")


def test_docker_lists_the_plug_in_and_passes_arguments_output_and_status() -> None:
    assert b"layerscope* Explore an image layer by layer" in b" ".join(run("docker", "--help").split(b"  ")).strip()
    assert run("docker", "layerscope", "layers", MY_APP).decode() == launch("layers", MY_APP).out
    assert run("docker", "help", "layerscope", "why").startswith(b"Usage: docker layerscope why")
    assert run("docker", "layerscope", "why", "--help").startswith(b"Usage: docker layerscope why")
    assert run("docker", "__complete", "layerscope", "lay").startswith(b"layers\t")
    failed = subprocess.run(["docker", "layerscope", "layers", "no.tar"], capture_output=True, check=False)
    assert (failed.returncode, failed.stderr[:12]) == (2, b"layerscope: ")


def test_the_context_on_the_line_of_docker_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    need("docker", "version")
    host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/docker.sock")
    run("docker", "context", "create", "here", "--docker", f"host={host}")
    found = json.loads(run("docker", "--context", "here", "layerscope", "images", "--engine", "docker", "--json"))
    assert isinstance(found["images"], list)
    wrong = subprocess.run(["docker", "layerscope", "images", "--engine", "docker"], capture_output=True, check=False)
    assert wrong.returncode == 2


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_stopping_docker_ends_layerscope(stop: signal.Signals, tmp_path: Path) -> None:
    # a FIFO, so that layerscope is known to run once it has opened it
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    command = ["docker", "layerscope", "layers", str(fifo)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as docker, fifo.open("wb"):
        docker.send_signal(stop)
        assert docker.wait(30) == 128 + signal.SIGTERM


def test_tags_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need("docker", "version")
    monkeypatch.setattr(completion, "_PATIENCE", 60)
    with kept(Loaded("docker"), tmp_path) as made:
        assert completion.completions("image", {}, made.repository) == [(f"{made.repository}:v1", "")]
