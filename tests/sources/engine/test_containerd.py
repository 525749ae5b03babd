"""Programs that speak to containerd, and do what ``ctr`` does not."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from layerscope.errors import EngineUnavailable, ImageNotFound, SourceError
from layerscope.model.engine import Engine
from layerscope.session.local.listing import local_images
from layerscope.sources.engine.endpoints import endpoints
from layerscope.sources.open import open_source
from tests.sources.engine.fake_engine import answer, fake_engine

DIGEST = f"sha256:{'a' * 64}"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the folder of all programs, beside a socket at which something listens."""
    folder = tmp_path / "bin"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "c.sock"))
        listener.listen()
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        monkeypatch.setenv("CONTAINERD_ADDRESS", str(tmp_path / "c.sock"))
        yield folder


def write_program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


LISTING = f"""
case "$*" in
  *"namespaces ls"*) echo k8s.io ;;
  *"images ls"*)
    echo "REF TYPE DIGEST SIZE PLATFORMS LABELS"
    echo "registry.k8s.io/pause:3.9 application/x {DIGEST} 1.5 KiB linux/amd64 -"
    echo "registry.k8s.io/pause@{DIGEST} application/x {DIGEST} 1.5 KiB linux/amd64 -"
    echo "sha256:{"b" * 64} application/x {DIGEST} 1.5 KiB linux/amd64 -"
    echo "docker.io/library/facade1:latest application/x sha256:{"c" * 64} 1.5 KiB linux/amd64 -"
    echo "odd" ;;
esac
"""


def test_a_node_of_kubernetes_lists_an_image_once_with_its_tags(programs: Path) -> None:
    write_program(programs / "ctr", LISTING)
    _, listed = local_images(Engine.CONTAINERD).found
    assert (listed.reference, listed.size, listed.layers) == (
        "containerd://k8s.io/registry.k8s.io/pause:3.9",
        1536,
        None,
    )
    with pytest.raises(ImageNotFound, match=r"^containerd has no image registry.k8s.io/pause .known tags: .*:3.9.$"):
        open_source("containerd://registry.k8s.io/pause")


def test_a_program_that_says_nothing_is_not_waited_for(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layerscope.sources.engine.containerd.CONNECT_SECONDS", 0.2)
    write_program(programs / "ctr", "exec sleep 100")
    with pytest.raises(EngineUnavailable, match=r"no answer within 0 seconds\)$"):
        open_source("containerd://app:v1")
    write_program(programs / "ctr", "while :; do echo x; done")
    with pytest.raises(EngineUnavailable, match=r"no whole answer within 0 seconds\)$"):
        open_source("containerd://app:v1")
    write_program(programs / "ctr", "exec >/dev/null <&1; sleep 100")
    with pytest.raises(EngineUnavailable, match=r"ctr does not end\)$"):
        open_source("containerd://app:v1")


def test_an_export_that_breaks_off_is_one_sentence(programs: Path) -> None:
    write_program(
        programs / "ctr", f'{LISTING}\ncase "$*" in *"images export"*) echo x; echo "ctr: it broke" >&2; exit 1 ;; esac'
    )
    # the last but one could be an id, and the last one is
    for name in ("registry.k8s.io/pause:3.9", "k8s.io/facade1", "b" * 12):
        with pytest.raises(SourceError, match=rf"^cannot export .*{name} from containerd at unix:.*c.sock: it broke$"):
            open_source(f"containerd://{name}")


def test_k3s_is_asked_where_there_is_no_ctr(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(programs))
    write_program(programs / "k3s", f'[ "$1" = ctr ] || exit 1\n{LISTING}')
    assert [each.namespace for each in local_images(Engine.CONTAINERD).found] == ["k8s.io"] * 2


def test_the_usual_sockets_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "c.sock").touch()
    roots = {f"{tmp_path}/c.sock": "/var/lib/c", f"{tmp_path}/absent.sock": "/var/lib/absent"}
    monkeypatch.setattr("layerscope.sources.engine.endpoints.CONTAINERD_ROOTS", roots)
    assert [str(each) for each in endpoints(Engine.CONTAINERD)] == [f"containerd at unix://{tmp_path}/c.sock"]
    monkeypatch.setenv("CONTAINERD_ADDRESS", "/run/own.sock")
    assert [str(each) for each in endpoints(Engine.CONTAINERD)] == ["containerd at unix:///run/own.sock"]


def test_a_containerd_that_refuses_is_named_only_where_no_engine_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "c.sock").touch()
    roots = {f"{tmp_path}/c.sock": "/var/lib/c"}
    monkeypatch.setattr("layerscope.sources.engine.endpoints.CONTAINERD_ROOTS", roots)
    refusal = f"containerd at unix://{tmp_path}/c.sock: connection refused"
    assert refusal in local_images().refusals
    with fake_engine(tmp_path / "docker.sock", {"/images/json": answer(b"[]")}) as docker:
        monkeypatch.setenv("DOCKER_HOST", docker.host)
        assert refusal not in local_images().refusals
    assert local_images(Engine.CONTAINERD).refusals == (refusal,)
