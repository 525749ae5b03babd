"""Images of a registry, by whole commands: the documents of archives, and nothing requested twice."""

import json
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from layerscope.model.image import Compression
from layerscope.session.open import open_image
from layerscope.sources.registry import hosts
from tests.builders import OciStore, blob_name, compressed, file, image, layer, oci_layout, to_json, write_folder
from tests.cli.runner import ask, document, without
from tests.registry_server import Reply, Request, Server, on, registry
from tests.samples import SAMPLES
from tests.two_versions import V1, V2

Capture = pytest.CaptureFixture[str]

ELSEWHERE = {"reference", "source", "tags", "digest"}
"""Fields that only an image in a registry has, or has otherwise."""

SAMPLE_TAGS = {"platforms.oci.tar": "1", "opaque.oci.tar": "1", "my-app-v2.oci.tar": "v2", "my-app-v2-zstd": "v2"}

BASE, APP = layer(file("etc/os", b"debian" * 100)), layer(file("srv/app", b"x" * 5000))
SOCI = "application/vnd.amazon.soci.index.v2+json"
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


def attested(tmp_path: Path) -> tuple[Path, str]:
    """Return a layout with an image, an SBOM about it and an index of SOCI beside it, and the digest of the SBOM."""
    store = OciStore()
    manifest = store.image(image(APP), compression=Compression.GZIP)
    statement = {
        "predicateType": "https://spdx.dev/Document",
        "subject": [{"digest": {"sha256": manifest["digest"].removeprefix("sha256:")}}],
        "predicate": {"packages": [{"name": "app"}]},
    }
    sbom = store.attestation(manifest, to_json(statement))
    soci = store.artifact("application/octet-stream") | {"artifactType": SOCI, "platform": manifest["platform"]}
    index = store.index([manifest, sbom, soci], tag="v1")
    return write_folder(tmp_path / "layout", store.files([index])), sbom["digest"]


def test_what_is_attached_is_asked_for_only_where_it_is_shown(tmp_path: Path, capsys: Capture) -> None:
    layout, sbom = attested(tmp_path)
    with registry(layout, on("manifests", lambda _, reply: reply.with_headers(RateLimit_Remaining="76;w=1"))) as server:
        reference = f"registry://{server.host}/app:v1"
        assert ask(capsys, "layers", reference).status == 0
        assert not any(sbom in path or "referrers" in path for path in server.paths)
        digests = server.tags["v1"], document(capsys, "layers", reference)["image"]["digest"]
        for number, digest in enumerate(digests):
            found = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": f"sha256:{str(number) * 64}"}
            server.referrers[digest] = to_json({"manifests": [found | {"artifactType": f"signature/{number}"}]})
        with open_image(reference) as session:
            assert session.image.read_registry is not None
            facts = session.image.read_registry()
            server.referrers.clear()
            lost = session.image.read_registry()
    assert facts.attestations.kinds == ("https://spdx.dev/Document",)
    words = [text.rpartition(", ")[0] for text in facts.attached]
    assert words == [f"an artifact of type {kind}" for kind in (SOCI, "signature/0", "signature/1")]
    assert (facts.rate_limit, facts.problem) == (76, "")
    assert (len(lost.attached), lost.problem) == (1, "")


@pytest.mark.parametrize("status", [403, 404, 500])
def test_an_attestation_that_cannot_be_read_is_a_warning(status: int, tmp_path: Path, capsys: Capture) -> None:
    layout, sbom = attested(tmp_path)
    fault = on("manifests", lambda request, reply: Reply(status) if sbom in request.path else reply)
    with registry(layout, fault) as server:
        outcome = ask(capsys, "why", f"registry://{server.host}/app:v1")
    assert outcome.status == 0
    assert outcome.err.startswith("warning: an attestation was ignored: ")
