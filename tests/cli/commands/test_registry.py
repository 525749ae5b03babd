"""Images of a registry, by whole commands: the documents of archives, and nothing requested twice."""

import json
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from layerscope.model.image import Compression
from layerscope.sources.registry import hosts
from tests.builders import OciStore, blob_name, compressed, file, image, layer, oci_layout, write_folder
from tests.cli.runner import ask, document, without
from tests.registry_server import Reply, Request, Server, on, registry
from tests.samples import SAMPLES
from tests.two_versions import V1, V2

Capture = pytest.CaptureFixture[str]

ELSEWHERE = {"reference", "source", "tags", "digest"}
"""What an image in a registry has of its own."""

SAMPLE_TAGS = {"platforms.oci.tar": "1", "opaque.oci.tar": "1", "my-app-v2.oci.tar": "v2", "my-app-v2-zstd": "v2"}

BASE, APP = layer(file("etc/os", b"debian" * 100)), layer(file("srv/app", b"x" * 5000))
OTHER = compressed(layer(file("srv/other", b"y")), Compression.GZIP)


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    """Return a layout with two tags that share layers."""
    recipes = (replace(recipe, tags=(f"v{number}",)) for number, recipe in enumerate((V1, V2), 1))
    return oci_layout(tmp_path / "layout", *recipes)


def blobs(server: Server) -> list[str]:
    """Return the requests for blobs, the configs' included."""
    return [path for path in server.paths if "/blobs/" in path]


@pytest.mark.parametrize("sample", SAMPLE_TAGS)
def test_every_command_gives_the_document_of_the_archive(sample: str, tmp_path: Path, capsys: Capture) -> None:
    archive = layout = SAMPLES / sample
    if archive.is_file():
        layout = tmp_path / "layout"
        with tarfile.open(archive) as tar:
            tar.extractall(layout, filter="data")
    platform = ("--platform", "linux/amd64") if sample.startswith("platforms") else ()
    with registry(layout) as server:
        reference = f"registry://{server.host}/team/app:{SAMPLE_TAGS[sample]}"
        for command in ("layers", "tree", "why"):
            expected = without(document(capsys, command, archive, *platform), ELSEWHERE)
            for caching in ((), ("--no-cache",)):
                assert without(document(capsys, command, reference, *platform, *caching), ELSEWHERE) == expected
        expected, found = (ask(capsys, "dockerfile", image, *platform, "--json") for image in (archive, reference))
        assert (found.status, found.err) == (expected.status, expected.err.replace(str(archive), reference))
        assert without(json.loads(found.out or "{}"), ELSEWHERE) == without(json.loads(expected.out or "{}"), ELSEWHERE)


def test_a_second_look_at_a_tag_is_one_head_request(versions: Path, capsys: Capture) -> None:
    with registry(versions) as server:
        reference = f"registry://{server.host}/app:v1"
        first = document(capsys, "layers", reference)
        assert len(blobs(server)) == len(V1.layers) + 1
        server.requests.clear()
        assert document(capsys, "layers", reference) == first
        assert ask(capsys, "cat", reference, "/srv/index.html").out == "<h1>1</h1>\n<p>The same line in both.</p>\n"
        assert [request.method for request in server.requests] == ["HEAD", "HEAD"]


def test_layers_that_two_tags_share_cross_the_wire_once(versions: Path, tmp_path: Path, capsys: Capture) -> None:
    with registry(versions) as server:
        both = [f"registry://{server.host}/app:v{number}" for number in (1, 2)]
        found = document(capsys, "diff", *both)
        assert len(blobs(server)) == len(set(blobs(server))) == len({*V1.layers, *V2.layers}) + 2
        server.requests.clear()
        assert document(capsys, "diff", *both) == found
        assert blobs(server) == []
    old, new = (
        oci_layout(tmp_path / f"only-{number}", replace(recipe, tags=())) for number, recipe in enumerate((V1, V2))
    )
    assert without(found, {*ELSEWHERE, "from", "to"}) == without(document(capsys, "diff", old, new), {"from", "to"})


@pytest.mark.parametrize("is_known", [False, True], ids=["without cache", "with cache"])
def test_a_layer_with_other_bytes_is_an_error_of_that_layer(
    is_known: bool, tmp_path: Path, own_cache: Path, capsys: Capture
) -> None:
    layout = oci_layout(tmp_path / "layout", image(BASE, APP, tags=["v1"]))
    wrong = blob_name(OciStore().add(compressed(APP, Compression.GZIP), "")["digest"]).rpartition("/")[2]

    def lie(request: Request, reply: Reply) -> Reply:
        return replace(reply, body=OTHER.ljust(len(reply.body), b"\0")) if wrong in request.path else reply

    with registry(layout, on("blobs", lie)) as server:
        outcome = ask(capsys, "layers", f"registry://{server.host}/app:v1", *([] if is_known else ["--no-cache"]))
    assert outcome.status == 0
    assert "600 B" in outcome.out
    assert "layer 2" in outcome.err
    assert not list(own_cache.rglob(f"*{wrong}*"))


def test_a_layer_that_has_not_the_diff_id_of_the_config_is_an_error_of_that_layer(
    tmp_path: Path, capsys: Capture
) -> None:
    store = OciStore()
    honest = image(BASE, APP)
    config = store.add(honest.config_json, "application/vnd.oci.image.config.v1+json")
    kind = "application/vnd.oci.image.layer.v1.tar+gzip"
    layers = [store.add(compressed(BASE, Compression.GZIP), kind), store.add(OTHER, kind)]
    tag = {"org.opencontainers.image.ref.name": "v1"}
    layout = write_folder(tmp_path / "layout", store.files([store.manifest(config, layers, annotations=tag)]))
    with registry(layout) as server:
        reference = f"registry://{server.host}/app:v1"
        first = ask(capsys, "layers", reference)
        assert "its bytes have the diff_id" in first.err
        assert "/srv" not in ask(capsys, "tree", reference).out
        assert ask(capsys, "layers", reference) == first


def test_a_cache_that_cannot_be_written_changes_nothing(
    versions: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    with registry(versions) as server:
        reference = f"registry://{server.host}/app:v1"
        expected = document(capsys, "tree", reference)
        monkeypatch.setenv("LAYERSCOPE_CACHE_DIR", str(tmp_path / "file" / "cache"))
        for _ in range(2):
            assert document(capsys, "tree", reference) == expected


@pytest.mark.parametrize("command", ["", "layers", "diff", "tags"])
def test_plain_http_is_spoken_where_the_user_says_so(
    command: str, versions: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts, "is_loopback", lambda _: False)
    monkeypatch.setattr(hosts, "_uses_plain_http", False)
    with registry(versions) as server:
        name = f"registry://{server.host}/app"
        images = {"diff": [f"{name}:v1", f"{name}:v2"], "tags": [name]}.get(command, [f"{name}:v1"])
        arguments = [*filter(None, [command]), *images]
        assert ask(capsys, *arguments).complaint.endswith("it does not speak https (--plain-http reads it without)")
        assert ask(capsys, *arguments, "--plain-http").status == 0
