"""Requests to an engine: the image by its id, and one sentence for a reply that is not what the API describes."""

import json
import os
import sys
from pathlib import Path

import pytest

from layerscope.errors import DigestMismatch, EngineUnavailable, ImageNotFound, SourceError
from layerscope.model.local_image import LocalImage
from layerscope.session.local.images import local_images
from layerscope.sources.open import open_source
from tests.builders import Members, OciStore, archive_bytes, docker_files, file, image, layer, oci_files, sha256
from tests.sources.engine.fake_engine import VERSION, serving

APP = image(layer(file("etc/hosts", b"127.0.0.1")))
APP_ID = sha256(APP.config_json)
OTHER = image(layer(file("other")))
SSH = """#!{python}
import socket, sys, threading
engine = socket.socket(socket.AF_UNIX)
engine.connect({path!r})
def copy(read, write):
    while data := read(65536):
        write(data)
threading.Thread(target=copy, args=(engine.recv, lambda data: (sys.stdout.buffer.write(data), sys.stdout.flush())),
                 daemon=True).start()
copy(sys.stdin.buffer.read1, engine.sendall)
"""


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of the only engine's socket."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    monkeypatch.setenv("CONTAINER_HOST", f"unix://{tmp_path}/podman.sock")
    return tmp_path / "docker.sock"


def inspected(name: str, image_id: str = APP_ID, tags: list[str] | None = None) -> dict[str, object]:
    return {**VERSION, f"/images/{name}/json": {"Id": image_id, "RepoTags": tags, "Size": 5}}


def test_an_image_is_exported_by_id_whatever_its_tags_are_now(docker: Path) -> None:
    tags = ["app:v2", "docker.io/library/app:v1", "<none>:<none>"]
    exports = {f"/images/{APP_ID}/get": archive_bytes(docker_files(APP)), "/images/app:v1/get": b"another image"}
    with (
        serving(docker, inspected("app:v1", tags=tags) | exports) as requested,
        open_source("docker://app:v1") as source,
    ):
        chosen = source.choose()
    assert requested == ["/version", "/v1.45/images/app%3Av1/json", f"/v1.45/images/{APP_ID.replace(':', '%3A')}/get"]
    assert chosen.tags == ("docker.io/library/app:v1", "app:v2")
    assert str(chosen.config_digest) == APP_ID


def test_an_id_may_be_that_of_a_manifest_or_an_index(docker: Path) -> None:
    files = oci_files(APP)
    store = OciStore()
    index = store.index([store.image(APP)])
    manifest = next(name for name, data in files.items() if isinstance(data, bytes) and b'"layers"' in data)
    layouts: list[tuple[str, Members]] = [
        (manifest.replace("blobs/", "").replace("/", ":"), files),
        (index["digest"], store.files([index])),
    ]
    for image_id, layout in layouts:
        exports = {f"/images/{image_id}/get": archive_bytes(layout)}
        with (
            serving(docker, inspected("app", image_id, ["app:latest"]) | exports),
            open_source("docker://app") as source,
        ):
            assert source.choose().tags == ("app:latest",)
        docker.unlink()


def test_another_image_than_the_requested_one_is_an_error(docker: Path) -> None:
    exports = {f"/images/{APP_ID}/get": archive_bytes(docker_files(OTHER))}
    with (
        serving(docker, inspected("app") | exports),
        pytest.raises(DigestMismatch, match=f"^docker exported another image than {APP_ID}$"),
    ):
        open_source("docker://app")


def test_a_missing_image_names_the_other_tags(docker: Path) -> None:
    replies = {**VERSION, "/images/json": [{"RepoTags": ["app:v1", "other:v1"]}, {"RepoTags": None}, {}]}
    with (
        serving(docker, replies),
        pytest.raises(ImageNotFound, match=r"^docker has no image app:v2 \(it has app:v1\)$"),
    ):
        open_source("docker://app:v2")


def test_an_export_that_is_refused_is_an_error(docker: Path) -> None:
    with (
        serving(docker, inspected("app")),
        pytest.raises(SourceError, match=r"^the export of app failed: .* no such image$"),
    ):
        open_source("docker://app")


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"<html>",
        b"[",
        b"[" * 100_000,
        b"\xff",
        {"images": []},
        [5],
        [{"RepoTags": ["a:1"]}],
        [{"Id": 5}],
        [{"Id": "x", "RepoTags": "a:1"}],
        [{"Id": "x", "RepoTags": [None]}],
        [{"Id": "x", "Size": "large"}],
        [{"Id": "x", "Created": "yesterday"}],
    ],
    ids=str,
)
def test_an_odd_reply_to_the_list_of_images_is_one_sentence(docker: Path, reply: object) -> None:
    with serving(docker, {**VERSION, "/images/json": reply}), pytest.raises(EngineUnavailable) as caught:
        local_images()
    assert "docker.sock: unexpected reply to /images/json: " in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("reply", [b"", b"hello", {}, {"ApiVersion": "new"}, {"ApiVersion": 1.4}, []], ids=str)
def test_an_odd_version_is_one_sentence(docker: Path, reply: object) -> None:
    with serving(docker, {"/version": reply}), pytest.raises(EngineUnavailable, match="unexpected reply to /version"):
        local_images()


def test_unknown_facts_of_listed_images_are_null(docker: Path) -> None:
    listed = [
        {"Id": "sha256:a", "RepoTags": None, "Size": None, "Created": None},
        {"Id": "sha256:b", "RepoTags": ["<none>:<none>"], "Created": -62135596800},
        {"Id": "sha256:c", "RepoTags": ["c:1"], "Size": 7, "Created": 0, "More": {}},
    ]
    with serving(docker, {**VERSION, "/images/json": listed}):
        assert local_images() == [
            LocalImage("docker", (), "sha256:a", None, None),
            LocalImage("docker", (), "sha256:b", None, None),
            LocalImage("docker", ("c:1",), "sha256:c", 7, 0),
        ]


def ssh_command(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a command of that name first on PATH."""
    command = folder / "ssh"
    command.write_text(script)
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_HOST", "ssh://user@example.com:2222")


def test_an_unknown_host_key_is_one_sentence(docker: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    complaint = "No ED25519 host key is known for example.com.\nHost key verification failed.\n"
    script = f"#!/bin/sh\nprintf '%s' {json.dumps(complaint)} >&2\nexit 255\n".replace("\\n", "\n")
    ssh_command(docker.parent, script, monkeypatch)
    with pytest.raises(EngineUnavailable, match=r"at ssh://user@example\.com:2222: Host key verification failed\.\)$"):
        open_source("docker://app")


def test_an_engine_is_reached_through_ssh(docker: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ssh_command(docker.parent, SSH.format(python=sys.executable, path=str(docker)), monkeypatch)
    exports = {f"/images/{APP_ID}/get": archive_bytes(docker_files(APP))}
    with serving(docker, inspected("app", tags=["app:latest"]) | exports), open_source("docker://app") as source:
        assert source.choose().tags == ("app:latest",)


def test_ssh_that_is_not_installed_is_one_sentence(docker: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "ssh://example.com")
    monkeypatch.setenv("PATH", str(docker.parent))
    with pytest.raises(EngineUnavailable, match=r"docker at ssh://example\.com: ssh is not installed\)$"):
        open_source("docker://app")
