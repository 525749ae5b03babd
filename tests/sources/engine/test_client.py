"""The client of the engine API, against answers that no real engine can be made to give."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from layerscope.errors import EngineUnavailable, ImageNotFound, SourceError
from layerscope.model.engine import Engine
from layerscope.sources.engine import client as client_module
from layerscope.sources.engine.client import EngineClient
from layerscope.sources.engine.endpoints import Endpoint
from tests.sources.engine.fake_engine import Answer, answer, fake_engine, ping


@pytest.mark.parametrize(("served", "spoken"), [("1.24", "1.24"), ("1.45", "1.45"), ("1.99", "1.52"), ("2.1", "1.52")])
def test_the_older_of_both_api_versions_is_spoken(tmp_path: Path, served: str, spoken: str) -> None:
    with fake_engine(tmp_path / "s", {"/_ping": ping(served), "/images/json": answer(b"[]")}) as engine:
        with EngineClient(Endpoint(Engine.DOCKER, engine.host)) as client:
            assert client.images() == []
        assert engine.requests == ["/_ping", f"/v{spoken}/images/json?shared-size=1"]


def test_an_engine_that_dropped_every_version_we_know_is_one_sentence(tmp_path: Path) -> None:
    too_old = "client version 1.52 is too old. Minimum supported API version is 1.98"
    refused = answer(f'{{"message": "{too_old}"}}'.encode(), 400)
    with fake_engine(tmp_path / "s", {"/_ping": ping("1.99"), "/images/json": refused}) as engine:
        assert refusal(engine.host) == f"docker at {engine.host}: {too_old}"


@pytest.mark.parametrize("served", ["", "x", "1", "1.x", "-1.2"])
def test_an_answer_without_a_version_is_one_sentence(tmp_path: Path, served: str) -> None:
    with fake_engine(tmp_path / "s", {"/_ping": ping(served)}) as engine:
        assert refusal(engine.host) == f"docker at {engine.host}: invalid API version {served or 'none'}"


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        (answer(b"[1]"), "unexpected answer to /v1.45/images/json?shared-size=1: "),
        (answer(b'[{"Id": 5}]'), "unexpected answer to /v1.45/images/json?shared-size=1: "),
        (answer(b'[{"Id": "\xff"}]'), "unexpected answer to /v1.45/images/json?shared-size=1: "),
        (answer(b'{"message": "over\\nloaded"}', 503), "over loaded"),
        (answer(b"<html>", 502), "<html>"),
        (answer(b"", 500), "status 500"),
        (b"HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\n[", "no answer within"),
        (b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[", "the connection was closed early"),
        (b"nonsense\r\n\r\n", "the connection was closed early"),
        (b"\r\n", "the connection was closed early"),
    ],
)
def test_an_odd_answer_is_one_sentence(
    tmp_path: Path, reply: bytes, cause: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "CONNECT_SECONDS", 0.2)
    with fake_engine(tmp_path / "s", {"/images/json": reply}) as engine:
        assert refusal(engine.host).startswith(f"docker at {engine.host}: {cause}")


def test_a_silent_engine_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "CONNECT_SECONDS", 0.2)
    with fake_engine(tmp_path / "s", {}) as engine:
        assert "no answer within" in refusal(engine.host)


def test_images_are_listed_although_one_is_removed_meanwhile(tmp_path: Path) -> None:
    failure = b'{"message": "layer sha256:1 was not found (corruption?)"}'
    replies = [answer(failure, 500, b"Connection: close\r\n"), answer(b'[{"Id": "2"}]')]

    def listing(connection: socket.socket) -> None:
        connection.sendall(replies.pop(0))
        connection.shutdown(socket.SHUT_RDWR)

    with connected(tmp_path, {"/images/json": listing}) as client:
        assert [image.image_id for image in client.images()] == ["2"]


def test_an_image_that_the_engine_lacks_is_not_found(tmp_path: Path) -> None:
    missing = {"/images/my-app:v9/json": answer(b'{"message": "No such image: my-app:v9"}', 404)}
    with connected(tmp_path, missing) as client, pytest.raises(ImageNotFound, match="No such image: my-app:v9"):
        client.image("my-app:v9")


def test_an_export_is_yielded_in_pieces(tmp_path: Path) -> None:
    body = b"x" * 3_000_000
    with connected(tmp_path, {"/images/sha256:1/get": answer(body)}) as client:
        pieces = list(client.export(["sha256:1"], "the image app:v1"))
    assert b"".join(pieces) == body
    assert len(pieces) > 1


@pytest.mark.parametrize("body", [b"5\r\nabcde\r\n", b"5\r\nab", b"zz\r\n"])
def test_an_export_that_ends_early_is_one_sentence(tmp_path: Path, body: bytes) -> None:
    cut = b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n" + body
    with connected(tmp_path, {"/images/sha256:1/get": cut}) as client, pytest.raises(SourceError) as caught:
        list(client.export(["sha256:1"], "the image app:v1"))
    cause = "the connection was closed early"
    assert str(caught.value) == f"cannot export the image app:v1 from {client.endpoint}: {cause}"


def test_an_export_that_falls_silent_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "STREAM_SECONDS", 0.2)
    begun = b"HTTP/1.1 200 X\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 2_000_000
    with connected(tmp_path, {"/images/sha256:1/get": begun}) as client, pytest.raises(SourceError, match="no answer"):
        list(client.export(["sha256:1"], "the image app:v1"))


def test_podman_is_recognized_at_any_address(tmp_path: Path) -> None:
    with connected(tmp_path, {"/_ping": ping("1.41", is_podman=True)}) as client:
        assert client.engine == Engine.PODMAN


@contextmanager
def connected(folder: Path, answers: Mapping[str, Answer]) -> Iterator[EngineClient]:
    with fake_engine(folder / "s", answers) as engine, EngineClient(Endpoint(Engine.DOCKER, engine.host)) as client:
        yield client


def refusal(host: str) -> str:
    with EngineClient(Endpoint(Engine.DOCKER, host)) as client, pytest.raises(EngineUnavailable) as caught:
        client.images()
    assert str(caught.value).isprintable()
    return str(caught.value)
