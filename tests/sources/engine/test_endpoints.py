"""The addresses of engines; these tests need no engine."""

import hashlib
import json
import socket
from contextlib import closing
from pathlib import Path

import pytest

from layerscope.errors import EngineUnavailable
from layerscope.session.local.images import local_images
from layerscope.sources.engine.endpoints import Endpoint, endpoints
from layerscope.sources.engine.reference import parse_reference
from layerscope.sources.open import open_source

VARIABLES = (
    "DOCKER_HOST",
    "CONTAINER_HOST",
    "DOCKER_CONTEXT",
    "XDG_RUNTIME_DIR",
    "DOCKER_TLS_VERIFY",
    "DOCKER_CERT_PATH",
)


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Start from an empty environment and configuration."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return tmp_path


def hosts(engine: str | None = None) -> list[str]:
    return [str(endpoint) for endpoint in endpoints(engine)]


def test_docker_sockets_are_tried_before_podman_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")
    assert hosts() == [
        "docker at unix:///var/run/docker.sock",
        "podman at unix:///run/user/1000/podman/podman.sock",
        "podman at unix:///run/podman/podman.sock",
    ]


def test_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    monkeypatch.setenv("CONTAINER_HOST", "unix:///p.sock")
    assert hosts() == ["docker at tcp://127.0.0.1:1", "podman at unix:///p.sock"]
    assert hosts("docker") == ["docker at tcp://127.0.0.1:1"]
    assert hosts("podman") == ["podman at unix:///p.sock"]


def test_tls_files_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    assert next(endpoints()) == Endpoint("docker", "tcp://127.0.0.1:1", tmp_path, tls_verify=True)


def write_context(folder: Path, name: str, metadata: object) -> None:
    place = folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest() / "meta.json"
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(metadata))


def test_the_current_docker_context_is_used(configuration: Path) -> None:
    (configuration / "config.json").write_text('{"currentContext": "rootless", "auths": {}}')
    write_context(configuration, "rootless", {"Name": "rootless", "Endpoints": {"docker": {"Host": "unix:///r.sock"}}})
    assert hosts("docker") == ["docker at unix:///r.sock"]


def test_the_environment_names_the_context(configuration: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_context(configuration, "far", {"Name": "far", "Endpoints": {"docker": {"Host": "unix:///far.sock"}}})
    monkeypatch.setenv("DOCKER_CONTEXT", "far")
    assert hosts("docker") == ["docker at unix:///far.sock"]


@pytest.mark.parametrize("metadata", [None, [], {}, {"Endpoints": {}}, {"Endpoints": {"docker": {"Host": 5}}}])
def test_an_unreadable_context_falls_back_to_the_default_socket(configuration: Path, metadata: object) -> None:
    (configuration / "config.json").write_text('{"currentContext": "broken"}')
    write_context(configuration, "broken", metadata)
    assert hosts("docker") == ["docker at unix:///var/run/docker.sock"]


def test_the_reason_of_a_refused_socket_is_given(tmp_path: Path) -> None:
    dead, path = tmp_path / "dead.sock", tmp_path / "file"
    path.touch()
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(dead))
    assert Endpoint("docker", f"unix://{tmp_path}/absent.sock").refusal() == "no such socket"
    assert Endpoint("docker", f"unix://{dead}").refusal() == "connection refused"
    assert Endpoint("docker", f"unix://{path}").refusal() == "connection refused"
    assert Endpoint("docker", f"unix:///{'x' * 300}").refusal() is not None


def test_a_requested_engine_that_does_not_answer_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///no.sock")
    sentence = r"^no docker engine answers \(tried docker at unix:///no\.sock: no such socket\)$"
    with pytest.raises(EngineUnavailable, match=sentence):
        open_source("docker://my-app:v1")


@pytest.mark.parametrize("host", ["tcp://127.0.0.1:1", "ftp://x", "nonsense", "ssh://nobody@127.0.0.1:1", "unix://"])
def test_an_address_that_does_not_answer_is_one_sentence(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(EngineUnavailable) as caught:
        open_source("docker://my-app:v1")
    assert str(caught.value).startswith(f"no docker engine answers (tried docker at {host}: ")
    assert str(caught.value).isprintable()


def test_listing_images_without_an_engine_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///no.sock")
    monkeypatch.setenv("CONTAINER_HOST", "unix:///no.sock")
    with pytest.raises(EngineUnavailable, match="no container engine answers"):
        local_images()


def test_a_reference_may_name_an_engine() -> None:
    for reference, engine in (("my-app:v1", None), ("docker://my-app:v1", "docker"), ("podman://my-app:v1", "podman")):
        parsed = parse_reference(reference)
        assert parsed is not None
        assert (parsed.name, parsed.engine) == ("my-app:v1", engine)
    for reference in ("docker://", "docker://../x", "oci://x", "docker://podman://x", "://x"):
        assert parse_reference(reference) is None
