"""``layerscope tags``: the tags of a registry by version, what each costs, and the requests that takes."""

import json
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from layerscope.model.image import Compression
from layerscope.session.tags import version_key
from layerscope.text import human_size
from tests.builders import OciStore, file, image, layer, oci_layout, write_folder
from tests.cli.runner import ask, document, start
from tests.registry_server import Reply, Request, Server, on, registry

Capture = pytest.CaptureFixture[str]

BASE, APP, NEW_APP = (layer(file("srv/app", bytes([65 + number]) * 5000)) for number in range(3))
CREATED = "2026-11-23T21:19:00Z"


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    """Return a layout with three versions: the second shares its base, the last is the second."""
    old, new = (image(BASE, app, created=CREATED) for app in (APP, NEW_APP))
    tagged = [replace(old, tags=("1.9",)), replace(new, tags=("1.10",)), replace(new, tags=("latest",))]
    return oci_layout(tmp_path / "layout", *tagged)


def counted(server: Server) -> Sequence[str]:
    """Return the requests that registries count, and those for blobs."""
    return [request.path for request in server.requests if request.method == "GET" and request.kind != "tags"]


def rows(capsys: Capture, *arguments: str) -> Any:
    return document(capsys, "tags", *arguments)["tags"]


def test_tags_are_listed_by_version_with_one_request(layout: Path, capsys: Capture) -> None:
    with registry(layout) as server:
        outcome = ask(capsys, "tags", f"registry://{server.host}/app")
        assert (outcome.status, outcome.out, outcome.err) == (0, "1.9\n1.10\nlatest\n", "")
        assert len(server.requests) == 1
        found = document(capsys, "tags", f"registry://{server.host}/app", "1.*")
    assert found["name"] == f"{server.host}/app"
    nothing = dict.fromkeys(("digest", "created", "blob_size", "layers", "pull_size", "error"))
    assert found["tags"] == [{"tag": "1.9", **nothing}, {"tag": "1.10", **nothing}]


def test_a_limit_of_tags_also_limits_what_is_read(layout: Path, capsys: Capture) -> None:
    with registry(layout) as server:
        outcome = ask(capsys, "tags", f"registry://{server.host}/app", "--sizes", "--limit", "1", "--json")
        assert (len(json.loads(outcome.out)["tags"]), json.loads(outcome.out)["left_out"]) == (1, 2)
        assert outcome.err == "2 more rows left out by --limit 1\n"
        assert not [request for request in server.requests if request.path.endswith("/1.10")]


def test_the_sizes_of_each_tag_and_what_it_pulls_beside_the_one_before(layout: Path, capsys: Capture) -> None:
    with registry(layout) as server:
        first, second, last = rows(capsys, f"registry://{server.host}/app", "--sizes")
        own = document(capsys, "layers", f"registry://{server.host}/app:1.10")
        table = ask(capsys, "tags", f"registry://{server.host}/app", "--sizes").out.splitlines()
        assert [first["digest"], second["digest"]] == [server.tags["1.9"], server.tags["1.10"]]
    assert (second["blob_size"], second["created"], second["layers"]) == (own["image"]["blob_size"], CREATED, 2)
    assert (first["pull_size"], second["pull_size"]) == (first["blob_size"], own["layers"][1]["blob_size"])
    assert last == second | {"tag": "latest", "pull_size": 0}
    size, pull = (human_size(second[name]) for name in ("blob_size", "pull_size"))
    assert table[2] == f"{size:>5}  {pull:>5}       2  2026-11-23 21:19  1.10"


def test_what_is_known_of_tags_is_not_requested_again(layout: Path, capsys: Capture) -> None:
    with registry(layout) as server:
        first = rows(capsys, f"registry://{server.host}/app", "--sizes")
        # two images, each a manifest and a config
        assert len(counted(server)) == 2 * 2
        server.requests.clear()
        assert rows(capsys, f"registry://{server.host}/app", "--sizes") == first
        assert (counted(server), len(server.requests)) == ([], 1 + 3)


def test_a_tag_is_measured_for_a_platform(tmp_path: Path, capsys: Capture) -> None:
    store = OciStore()
    small, large = (replace(image(BASE), platform="linux/arm64"), replace(image(BASE, APP), platform="linux/s390x"))
    both = [store.image(recipe, compression=Compression.GZIP) for recipe in (small, large)]
    with registry(write_folder(tmp_path / "layout", store.files([store.index(both, tag="v1")]))) as server:
        (found,) = rows(capsys, f"registry://{server.host}/app", "--sizes", "--platform", "s390x")
        assert (found["layers"], found["digest"]) == (2, server.tags["v1"])
        assert len(counted(server)) == 3
        outcome = ask(capsys, "tags", f"registry://{server.host}/app", "--sizes", "--platform", "linux/ppc64le")
    assert outcome.status == 2
    assert "the tag holds no image for linux/ppc64le" in outcome.out


def test_a_tag_that_cannot_be_read_is_a_row_with_its_reason(layout: Path, capsys: Capture) -> None:
    with registry(layout) as server:
        lost = server.tags["1.10"]
        (layout / "blobs" / Path(*lost.split(":"))).unlink()
        outcome = ask(capsys, "tags", f"registry://{server.host}/app", "--sizes", "--json")
    first, *broken = json.loads(outcome.out)["tags"]
    assert (outcome.status, outcome.err, first["error"], first["layers"]) == (2, "", None, 2)
    assert [tag["layers"] for tag in broken] == [None, None]
    assert all("the registry has no" in tag["error"] for tag in broken)


def test_a_tag_of_something_else_than_an_image_says_what_it_is(tmp_path: Path, capsys: Capture) -> None:
    store = OciStore()
    chart = store.artifact("application/vnd.cncf.helm.config.v1+json", tag="1.0")
    with registry(write_folder(tmp_path / "layout", store.files([chart]))) as server:
        outcome = ask(capsys, "tags", f"registry://{server.host}/app", "--sizes")
    assert outcome.status == 0
    assert "holds no image, only" in outcome.out


def test_a_registry_that_refuses_more_requests_is_left_alone(tmp_path: Path, capsys: Capture) -> None:
    def refuse(_request: Request, reply: Reply) -> Reply:
        return replace(reply, status=429).with_headers(Retry_After="3600", RateLimit_Remaining="0;w=21600")

    layout = oci_layout(tmp_path / "layout", *(image(BASE, tags=[f"v{number}"]) for number in range(40)))
    with registry(layout, on("manifests", refuse)) as server:
        outcome = ask(capsys, "tags", f"registry://{server.host}/app", "--sizes")
        assert len(server.requests) <= 1 + 12
    assert outcome.status == 2
    assert outcome.out.count("asks to come back in 3,600 seconds") == 40
    assert outcome.err == "the registry's limit leaves 0 requests\n"


def test_an_interrupt_ends_all_requests(layout: Path) -> None:
    asked, ended = Event(), Event()

    def hold(_request: Request, reply: Reply) -> Reply:
        asked.set()
        ended.wait(30)
        return reply

    pipe = subprocess.PIPE
    with registry(layout, on("manifests", hold)) as server:
        with start("tags", f"registry://{server.host}/app", "--sizes", stdout=pipe, stderr=pipe) as process:
            assert asked.wait(30)
            process.send_signal(signal.SIGINT)
            assert process.communicate(timeout=5) == (b"", b"")
        ended.set()
    assert process.returncode == 128 + signal.SIGINT


@pytest.mark.parametrize(
    ("reference", "complaint"),
    [
        ("my-app.tar", "tags are listed from a registry: write registry://HOST/NAME, not my-app.tar"),
        (
            "registry://x.example/app:v1",
            "registry://x.example/app:v1 is one image: its repository is registry://x.example/app",
        ),
        ("registry://", "an empty name is not a name of an image: write HOST/NAME:TAG"),
    ],
)
def test_what_is_not_a_repository_is_refused(reference: str, complaint: str, capsys: Capture) -> None:
    assert ask(capsys, "tags", reference).complaint == complaint


def test_a_name_without_tags_is_refused(layout: Path, capsys: Capture) -> None:
    with registry(layout, on("tags", lambda _, reply: replace(reply, status=404, body=b""))) as server:
        complaint = ask(capsys, "tags", f"registry://{server.host}/app").complaint
    assert complaint == f"the registry has no list of tags of {server.host}/app"


def test_versions_are_ordered_as_people_count() -> None:
    tags = "1 1-alpine 1.2 1.2.3-alpha 1.2.3-rc1 1.2.3-rc.10 v1.2.3 1.2.3-alpine 1.2.10 2024-01-02 20240102 edge latest"
    assert sorted(sorted(tags.split()), key=version_key) == tags.split()
    assert version_key("9" * 10_000) > version_key("8" * 10_000)
