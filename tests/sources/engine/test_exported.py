"""An exported image is the one that was named, with the tags that the engine knows."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from layerscope.errors import DigestMismatch, EngineUnavailable
from layerscope.model.engine import Engine
from layerscope.model.local import LocalImage
from layerscope.session.local.listing import local_images
from layerscope.sources.open import open_source
from tests.builders import Members, OciStore, archive_bytes, docker_files, file, image, layer, oci_files, sha256
from tests.sources.engine.fake_engine import answer, fake_engine

APP = image(layer(file("etc/hosts", b"127.0.0.1")))
APP_ID = sha256(APP.config_json)
OTHER = image(layer(file("other")))


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of the only engine's socket."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    monkeypatch.setenv("CONTAINER_HOST", f"unix://{tmp_path}/podman.sock")
    return tmp_path / "docker.sock"


def answers(exported: Members, image_id: str = APP_ID, tags: list[str] | None = None) -> Mapping[str, bytes]:
    details = json.dumps({"Id": image_id, "RepoTags": tags}).encode()
    return {
        "/images/app:v1/json": answer(details),
        "/info": answer(b"{}"),
        f"/images/{image_id}/get": answer(archive_bytes(exported)),
    }


def test_the_image_is_exported_by_id_and_has_the_tags_of_the_engine(docker: Path) -> None:
    tags = ["app:v2", "docker.io/library/app:v1"]
    with fake_engine(docker, answers(docker_files(APP), tags=tags)) as engine, open_source("docker://app:v1") as source:
        chosen = source.choose()
    assert engine.requests[-1].endswith(f"/images/{APP_ID}/get")
    assert chosen.tags == ("docker.io/library/app:v1", "app:v2")
    assert str(chosen.config_digest) == APP_ID


def test_an_id_may_be_that_of_a_manifest_or_an_index(docker: Path) -> None:
    files = oci_files(APP)
    store = OciStore()
    index = store.index([store.image(APP)])
    manifest = next(name for name, data in files.items() if isinstance(data, bytes) and b'"layers"' in data)
    for image_id, layout in (
        (manifest.removeprefix("blobs/").replace("/", ":"), files),
        (index["digest"], store.files([index])),
    ):
        with fake_engine(docker, answers(layout, image_id, ["app:v1"])), open_source("docker://app:v1") as source:
            assert source.choose().tags == ("app:v1",)
        docker.unlink()


def test_another_image_than_the_requested_one_is_an_error(docker: Path) -> None:
    exported = answers(docker_files(OTHER))
    sentence = f"^the engine exported another image than {APP_ID}$"
    with fake_engine(docker, exported), pytest.raises(DigestMismatch, match=sentence):
        open_source("docker://app:v1")


def listing(*images: object) -> Mapping[str, bytes]:
    gone = answer(b'{"message": "gone"}', 404)
    return {"/images/json": answer(json.dumps(images).encode()), "/images/sha256:a/json": gone}


@pytest.mark.parametrize("created", [-62135596800, -(10**30), 10**15, 10**300, None])
def test_an_impossible_time_of_a_listed_image_is_unknown(docker: Path, created: int | None) -> None:
    with fake_engine(docker, listing({"Id": "sha256:a", "RepoTags": None, "Created": created})):
        assert local_images().found == [LocalImage(Engine.DOCKER, (), "sha256:a", None, None)]


@pytest.mark.parametrize("size", [-1, 10**300])
def test_an_impossible_size_of_a_listed_image_is_unknown(docker: Path, size: int) -> None:
    with fake_engine(docker, listing({"Id": "sha256:a", "RepoTags": ["<none>:<none>", "a:1"], "Size": size})):
        assert local_images().found == [LocalImage(Engine.DOCKER, ("a:1",), "sha256:a", None, None)]


def test_a_tag_that_the_engine_lists_twice_is_listed_once(docker: Path) -> None:
    with fake_engine(docker, listing({"Id": "sha256:a", "RepoTags": ["a:1", "a:1", "b:1"]})):
        assert local_images().found == [LocalImage(Engine.DOCKER, ("a:1", "b:1"), "sha256:a", None, None)]


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"<html>",
        b"[" * 100_000,
        b"\xff",
        b"{}",
        b"[5]",
        b'[{"RepoTags": ["a:1"]}]',
        b'[{"Id": 5}]',
        b'[{"Id": "x", "RepoTags": "a:1"}]',
        b'[{"Id": "x", "RepoTags": [null]}]',
        b'[{"Id": "x", "Size": "large"}]',
        b'[{"Id": "x", "Created": "yesterday"}]',
    ],
    ids=lambda reply: reply[:20].decode("latin-1"),
)
def test_an_odd_reply_to_the_list_of_images_is_one_sentence(docker: Path, reply: bytes) -> None:
    with fake_engine(docker, {"/images/json": answer(reply)}), pytest.raises(EngineUnavailable) as caught:
        local_images().checked()
    assert "unexpected answer to /v1.45/images/json" in str(caught.value)
    assert "\n" not in str(caught.value)
