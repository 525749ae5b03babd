"""Credentials: where they are found, what they are exchanged for, and where they must not go."""

import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from layerscope import debug_log
from layerscope.errors import SourceError
from layerscope.sources.registry.client import RegistryClient
from layerscope.sources.registry.credentials import Credentials, credentials
from layerscope.sources.registry.hosts import parse_registry_name
from layerscope.sources.registry.tokens import Challenge, parse_challenge
from tests.builders import image, layer, oci_layout
from tests.registry_server import Basic, Fault, Reply, Server, Tokens, on, registry

SECRET = "s3cret-word"  # noqa: S105  # of a registry in this process


def auth(user: str, password: str = SECRET) -> dict[str, str]:
    return {"auth": b64encode(f"{user}:{password}".encode()).decode()}


def write(file: Path, content: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))


def helper(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    program = folder / f"docker-credential-{name}"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    return oci_layout(tmp_path / "layout", image(layer(), tags=["v1"]))


@contextmanager
def reading(layout: Path, *faults: Fault) -> Iterator[tuple[RegistryClient, Server]]:
    with registry(layout, *faults) as server, RegistryClient(parse_registry_name(f"{server.host}/my-app:v1")) as client:
        yield client, server


def test_the_longest_matching_key_of_the_first_file_counts(configuration: Path) -> None:
    docker, podman = configuration / ".docker/config.json", configuration / ".config/containers/auth.json"
    write(docker, {"auths": {"https://index.docker.io/v1/": auth("hub"), "https://ghcr.io/v2/": auth("docker")}})
    write(podman, {"auths": {"quay.io": auth("all"), "quay.io/team": auth("team"), "quay.io/team/app": auth("app")}})
    found = [
        credentials("docker.io", "library/ubuntu"),
        credentials("ghcr.io", "a/b"),
        credentials("quay.io", "team/app"),
        credentials("quay.io", "team/other"),
        credentials("quay.io", "teams"),
    ]
    assert [one and one.user for one in found] == ["hub", "docker", "app", "team", "all"]
    assert credentials("example.com", "app") is None


def test_a_helper_of_the_host_counts_before_that_of_all(configuration: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = configuration / "bin"
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    helper(programs, "own", 'read server; echo "{\\"Username\\": \\"$server\\", \\"Secret\\": \\"x\\"}"')
    helper(programs, "all", 'echo \'{"Username": "<token>", "Secret": "refresh"}\'')
    helper(programs, "none", "echo credentials not found in native keychain; exit 1")
    file = configuration / ".docker/config.json"
    write(file, {"credHelpers": {"own.io": "own", "none.io": "none", "gone.io": "gone"}, "credsStore": "all"})
    assert credentials("own.io", "app") == Credentials("own.io", "x")
    assert credentials("other.io", "app") == Credentials(identity_token="refresh")  # noqa: S106
    assert credentials("none.io", "app") is None
    assert credentials("gone.io", "app") is None


@pytest.mark.parametrize("content", ['{"auths": ', '{"auths": []}', '{"auths": {"ghcr.io": {"auth": "%%%"}}}'])
def test_a_broken_file_is_named(configuration: Path, content: str) -> None:
    file = configuration / ".docker/config.json"
    file.parent.mkdir()
    file.write_text(content)
    with pytest.raises(SourceError, match=r"config\.json is invalid"):
        credentials("ghcr.io", "app")


def test_challenges_are_parsed_bearer_first() -> None:
    stated = 'Basic realm="a, b", Bearer realm="https://auth.io/token",service="r",scope="repository:x:pull,push"'
    assert parse_challenge(stated, "") == Challenge("bearer", "https://auth.io/token", "r", "repository:x:pull,push")
    assert parse_challenge('basic realm="x"', "") == Challenge("basic", "x")
    assert parse_challenge("Negotiate", "") is None


def test_basic_is_used_where_the_registry_asks_for_it(configuration: Path, layout: Path) -> None:
    with reading(layout, Basic("me", SECRET)) as (client, server):
        with pytest.raises(SourceError, match=rf"docker login {server.host}"):
            client.manifest("v1")
        write(configuration / ".docker/config.json", {"auths": {server.host: auth("me")}})
        assert client.manifest("v1").data


def test_a_token_serves_until_it_is_refused_midway(layout: Path) -> None:
    tokens = Tokens(uses=2)
    with reading(layout, tokens) as (client, _):
        for _number in range(4):
            assert client.manifest("v1").data
        assert tokens.issued == 2
        assert "scope=repository%3Amy-app%3Apull" in tokens.asked[0].path


def test_an_identity_token_is_posted(configuration: Path, layout: Path) -> None:
    tokens = Tokens()
    with reading(layout, tokens) as (client, server):
        write(configuration / ".docker/config.json", {"auths": {server.host: {"identitytoken": SECRET}}})
        assert client.manifest("v1").data
        assert (tokens.asked[0].method, tokens.asked[0].path) == ("POST", "/token")
        assert f"refresh_token={SECRET}".encode() in tokens.asked[0].body


def test_no_credentials_leave_for_a_token_server_without_https(configuration: Path, layout: Path) -> None:
    with reading(layout, Tokens(host="example.com")) as (client, server):
        write(configuration / ".docker/config.json", {"auths": {server.host: auth("me")}})
        with pytest.raises(SourceError, match=r"its token server is example\.com, without https"):
            client.manifest("v1")


def test_a_redirect_drops_the_authorization(configuration: Path, layout: Path) -> None:
    with ExitStack() as stack:
        storage = stack.enter_context(registry(layout))

        def elsewhere(request: object, reply: Reply) -> Reply:
            path = getattr(request, "path", "")
            return Reply(307).with_headers(Location=f"http://{storage.host}{path}") if reply.status < 300 else reply

        client, server = stack.enter_context(reading(layout, on("manifests", elsewhere), Basic("me", SECRET)))
        write(configuration / ".docker/config.json", {"auths": {server.host: auth("me")}})
        assert client.manifest("v1").data
        assert "Authorization" in server.requests[-1].headers
        assert "Authorization" not in storage.requests[-1].headers


def test_an_expired_address_is_asked_for_again(layout: Path) -> None:
    with ExitStack() as stack:
        storage = stack.enter_context(registry(layout, on("manifests", lambda _, __: Reply(403), times=1)))
        moved = on(
            "manifests", lambda request, _: Reply(307).with_headers(Location=f"http://{storage.host}{request.path}")
        )
        client, server = stack.enter_context(reading(layout, moved))
        assert client.manifest("v1").data
        assert (len(server.requests), len(storage.requests)) == (2, 2)


def test_secrets_are_in_no_error_no_log_and_no_repr(configuration: Path, layout: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    debug_log.start_log(str(log))
    try:
        with reading(layout, Tokens(basic="another")) as (client, server):
            write(configuration / ".docker/config.json", {"auths": {server.host: auth("me")}})
            with pytest.raises(SourceError, match="token server refuses access") as caught:
                client.manifest("v1")
            found = credentials(server.host, "my-app")
    finally:
        debug_log.stop_log()
    said = f"{caught.value!r}{found!r}{log.read_text()}"
    assert "/v2/my-app/manifests/v1: 401" in said
    assert found is not None
    assert found.password == SECRET
    assert not any(secret in said for secret in (SECRET, auth("me")["auth"]))
