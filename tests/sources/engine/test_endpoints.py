"""The addresses of engines; these tests need no engine."""

import hashlib
import json
from pathlib import Path

import pytest

from layerscope.errors import EngineUnavailable
from layerscope.model.engine import Engine
from layerscope.session.local.listing import local_images
from layerscope.sources.engine.endpoints import Endpoint, endpoints
from layerscope.sources.open import open_source
from layerscope.sources.request import parse_reference

VARIABLES = (
    "DOCKER_HOST",
    "CONTAINER_HOST",
    "CONTAINER_CONNECTION",
    "PODMAN_CONNECTIONS_CONF",
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
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path


def hosts(engine: Engine | None = None) -> list[str]:
    return [str(endpoint) for endpoint in endpoints(engine)]


def test_the_usual_sockets_that_exist_are_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    names = ("run/docker.sock", ".docker/desktop/docker.sock", ".colima/default/docker.sock", "run/podman/podman.sock")
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    here = [host.partition(f"unix://{tmp_path}/") for host in hosts() if str(tmp_path) in host]
    assert [(engine, name) for engine, _, name in here] == [
        ("docker at ", names[0]),
        ("docker at ", names[1]),
        ("docker at ", names[2]),
        ("podman at ", names[3]),
    ]


def test_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    monkeypatch.setenv("CONTAINER_HOST", "unix:///p.sock")
    assert hosts() == ["docker at tcp://127.0.0.1:1", "podman at unix:///p.sock"]
    assert hosts(Engine.DOCKER) == ["docker at tcp://127.0.0.1:1"]
    assert hosts(Engine.PODMAN) == ["podman at unix:///p.sock"]


def test_tls_files_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    assert next(endpoints()) == Endpoint(Engine.DOCKER, "tcp://127.0.0.1:1", tmp_path, tls_verify=True)


def write_context(folder: Path, name: str, metadata: object) -> None:
    place = folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest() / "meta.json"
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(metadata))


def test_the_current_docker_context_is_used(configuration: Path) -> None:
    (configuration / "config.json").write_text('{"currentContext": "rootless", "auths": {}}')
    write_context(configuration, "rootless", {"Name": "rootless", "Endpoints": {"docker": {"Host": "unix:///r.sock"}}})
    assert hosts(Engine.DOCKER) == ["docker at unix:///r.sock"]


def test_the_environment_names_the_context(configuration: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_context(configuration, "far", {"Name": "far", "Endpoints": {"docker": {"Host": "unix:///far.sock"}}})
    monkeypatch.setenv("DOCKER_CONTEXT", "far")
    assert hosts(Engine.DOCKER) == ["docker at unix:///far.sock"]


@pytest.mark.parametrize("metadata", [None, [], {}, {"Endpoints": {}}, {"Endpoints": {"docker": {"Host": 5}}}])
def test_a_broken_context_is_a_problem_and_no_other_engine_takes_its_place(
    configuration: Path, metadata: object
) -> None:
    (configuration / "config.json").write_text('{"currentContext": "broken"}')
    write_context(configuration, "broken", metadata)
    (endpoint,) = endpoints(Engine.DOCKER)
    assert endpoint.problem
    with pytest.raises(EngineUnavailable, match=r"^no docker engine answers \(tried docker at context broken: "):
        open_source("docker://my-app:v1")


def test_an_unknown_context_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONTEXT", "far")
    (endpoint,) = endpoints(Engine.DOCKER)
    assert str(endpoint) == "docker at context far"
    assert endpoint.problem == "no such context (docker context ls lists them)"


def test_the_default_context_that_is_named_is_tried_without_a_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONTEXT", "default")
    assert hosts(Engine.DOCKER) == ["docker at unix:///var/run/docker.sock"]


def test_a_broken_docker_configuration_is_a_problem(configuration: Path) -> None:
    (configuration / "config.json").write_text("{")
    (endpoint,) = endpoints(Engine.DOCKER)
    assert str(endpoint) == "docker at its current context"
    assert endpoint.problem


def write_connections(folder: Path, document: object) -> None:
    (folder / "containers").mkdir()
    (folder / "containers" / "podman-connections.json").write_text(json.dumps(document))


def test_the_default_podman_connection_is_used(tmp_path: Path) -> None:
    machine = {"URI": "ssh://core@127.0.0.1:5000/run/podman/podman.sock", "Identity": "/keys/machine"}
    write_connections(tmp_path, {"Connection": {"Default": "machine", "Connections": {"machine": machine}}})
    (endpoint,) = endpoints(Engine.PODMAN)
    assert (endpoint.host, endpoint.identity) == (machine["URI"], machine["Identity"])


def test_the_environment_names_the_podman_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_connections(tmp_path, {"Connection": {"Default": "", "Connections": {"far": {"URI": "tcp://far:1"}}}})
    monkeypatch.setenv("CONTAINER_CONNECTION", "far")
    assert hosts(Engine.PODMAN) == ["podman at tcp://far:1"]
    monkeypatch.setenv("CONTAINER_CONNECTION", "near")
    (endpoint,) = endpoints(Engine.PODMAN)
    assert endpoint.problem


@pytest.fixture
def podman(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a command named podman; return the folder of a user's images."""
    command = tmp_path / "bin" / "podman"
    command.parent.mkdir()
    command.touch(0o755)
    monkeypatch.setenv("PATH", str(command.parent))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    # a socket of this machine may be at one of the usual places
    monkeypatch.setattr("layerscope.sources.engine.endpoints._sockets", lambda _engine, _paths: iter(()))
    return tmp_path / "containers" / "storage"


def test_podman_serves_itself_where_it_has_been_used(podman: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///d.sock")
    assert hosts() == ["docker at unix:///d.sock"]
    podman.mkdir(parents=True)
    assert hosts() == ["docker at unix:///d.sock", "podman system service"]
    assert hosts(Engine.DOCKER) == ["docker at unix:///d.sock"]


def test_podman_serves_itself_where_the_user_asks_for_it(podman: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hosts(Engine.PODMAN) == ["podman system service"]
    (endpoint,) = endpoints(Engine.PODMAN)
    assert endpoint.is_local
    monkeypatch.setenv("CONTAINER_HOST", "tcp://far:1")
    assert hosts(Engine.PODMAN) == ["podman at tcp://far:1"]
    monkeypatch.delenv("CONTAINER_HOST")
    (podman.parents[1] / "bin" / "podman").unlink()
    assert hosts(Engine.PODMAN) == []


@pytest.mark.usefixtures("podman")
def test_a_temporary_folder_whose_path_is_too_long_for_a_socket_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("n" * 100)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with pytest.raises(EngineUnavailable, match=r"^no podman engine answers .* is too long: set TMPDIR\)$"):
        open_source("podman://my-app:v1")
    assert list(long.iterdir()) == []


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
        local_images().checked()


def test_a_reference_may_name_an_engine() -> None:
    for reference, engine in (("my-app:v1", None), ("docker://my-app:v1", "docker"), ("podman://my-app:v1", "podman")):
        parsed = parse_reference(reference)
        assert parsed is not None
        assert (parsed.name, parsed.engine) == ("my-app:v1", engine)
    for reference in ("docker://", "docker://../x", "oci://x", "docker://podman://x", "://x"):
        assert parse_reference(reference) is None
