"""The client against a registry that is honest, and against those that are not."""

import gzip
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from layerscope.errors import (
    DigestMismatch,
    ImageNotFound,
    InvalidManifest,
    MissingBlob,
    ReadingStopped,
    SourceError,
)
from layerscope.model.documents import Digest
from layerscope.sources.registry import client as client_module
from layerscope.sources.registry.client import RegistryClient
from layerscope.sources.registry.hosts import parse_registry_name
from tests.builders import OCI_MANIFEST, OciStore, image, layer, write_folder
from tests.registry_server import Fault, Reply, Request, Server, on, registry

BLOB = random.Random(1).randbytes(300_000)  # noqa: S311  # must be reproducible
STORE = OciStore()
DIGEST = Digest.parse(STORE.add(BLOB, "application/octet-stream")["digest"])
MANIFEST = STORE.image(image(layer()), tag="v1")
MISSING = Digest("sha256", "0" * 64)


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "layout", STORE.files([MANIFEST]))


@contextmanager
def reading(layout: Path, *faults: Fault) -> Iterator[tuple[RegistryClient, Server]]:
    with registry(layout, *faults) as server, RegistryClient(parse_registry_name(f"{server.host}/my-app:v1")) as client:
        yield client, server


def read(client: RegistryClient, size: int | None = len(BLOB)) -> bytes:
    return b"".join(client.blob(DIGEST, size))


def test_a_tag_and_its_digest_lead_to_the_same_manifest(layout: Path) -> None:
    with reading(layout) as (client, _):
        reply = client.manifest("v1")
        assert (str(reply.digest), reply.media_type) == (MANIFEST["digest"], OCI_MANIFEST)
        assert client.manifest(reply.digest) == reply
        assert client.head("v1") == reply.digest


def test_what_the_registry_lacks_is_said_to_be_missing(layout: Path) -> None:
    with reading(layout) as (client, _):
        with pytest.raises(ImageNotFound, match=r"has no tag v9 of 127.0.0.1:\d+/my-app \(manifest unknown\)"):
            client.manifest("v9")
        with pytest.raises(ImageNotFound):
            client.head("v9")
        with pytest.raises(MissingBlob, match="has no blob 000000000000"):
            list(client.blob(MISSING, 1))


def test_a_blob_is_read_whole_and_by_range(layout: Path) -> None:
    with reading(layout) as (client, server):
        assert read(client) == read(client, None) == BLOB
        before = server.sent
        assert client.blob_range(DIGEST, 1000, 50) == BLOB[1000:1050]
        assert server.sent - before == 50


def cut(at: int) -> Fault:
    return on("blobs", lambda _, reply: replace(reply, cut=at), times=1)


def ignores_ranges(request: Request, reply: Reply) -> Reply:
    return Reply(body=BLOB) if "Range" in request.headers else reply


def ignores_the_end(request: Request) -> Reply:
    return Reply(416) if "Range" in request.headers else Reply(body=BLOB[:100])


def refuses_ranges(status: int) -> Fault:
    return on("blobs", lambda request, reply: Reply(status) if "Range" in request.headers else reply)


def answers(status: int, **headers: str) -> Fault:
    return on("blobs", lambda _, __: Reply(status).with_headers(**headers), times=1)


LIES_IN_CONTENT_RANGE = on(
    "blobs", lambda _, reply: reply.with_headers(Content_Range="bytes 7-9/10") if reply.status == 206 else reply
)


@pytest.mark.parametrize(
    "faults",
    [
        (cut(150_000),),
        (cut(len(BLOB) - 1),),
        (cut(0),),
        (cut(150_000), on("blobs", ignores_ranges)),
        (cut(150_000), refuses_ranges(416)),
        (cut(150_000), refuses_ranges(400)),
        (cut(150_000), LIES_IN_CONTENT_RANGE),
        (on("blobs", lambda _, reply: reply.with_headers(Content_Length="100"), times=1),),
        (on("blobs", lambda _, reply: reply.with_headers(Content_Length="999999"), times=1),),
        (on("blobs", lambda _, reply: reply.with_headers(Content_Encoding="gzip")),),
        (answers(429, Retry_After="0"),),
        (answers(503, Retry_After="Thu, 01 Jan 1970 00:00:00 GMT"),),
        (answers(503),),
    ],
    ids=[
        "breaks half way",
        "breaks at the last byte",
        "breaks before the first byte",
        "ignores the range of the rest",
        "answers 416 to the range",
        "answers 400 to the range",
        "sends another range",
        "states too few bytes",
        "states too many bytes",
        "says that the blob is compressed",
        "has had too many requests",
        "asks to come back at a date",
        "is busy",
    ],
)
def test_a_blob_is_right_although_the_registry(layout: Path, faults: tuple[Fault, ...]) -> None:
    with reading(layout, *faults) as (client, _):
        assert read(client) == BLOB


@pytest.mark.parametrize(
    ("change", "size", "message"),
    [
        (lambda _, reply: replace(reply, body=b"\0" + reply.body[1:]), len(BLOB), "differs from its digest"),
        (lambda _, reply: replace(reply, body=reply.body + b"more"), len(BLOB) - 9, "longer than its descriptor says"),
        (lambda request, _: ignores_the_end(request), len(BLOB), "ends after 100 B of 300 kB"),
        (lambda _, reply: replace(reply, cut=0), len(BLOB), "closed early"),
        (lambda _, __: Reply(500, b'{"errors":[{"message":"disk\\u001b[1m"}]}'), 1, r"answered 500 \(disk\\x1b\[1m\)"),
        (lambda _, __: Reply(503), 1, "answered 503"),
        (lambda _, __: Reply(429).with_headers(Retry_After="3600"), 1, "asks to come back in 3,600 seconds"),
        (lambda _, __: Reply(403), 1, r"docker login 127.0.0.1:\d+"),
        (lambda request, _: Reply(307).with_headers(Location=request.path), 1, "more than 10 times"),
        (lambda _, __: Reply(307).with_headers(Location="file:///etc/passwd"), 1, "an invalid address"),
        (lambda _, __: Reply(307).with_headers(Location="http://127.0.0.1:1/"), 1, "127.0.0.1:1: connection refused"),
    ],
)
def test_one_sentence_says_why_a_blob_cannot_be_read(layout: Path, change: Fault, size: int, message: str) -> None:
    with (
        reading(layout, on("blobs", change)) as (client, _),
        pytest.raises((SourceError, DigestMismatch), match=message),
    ):
        read(client, size)


@pytest.mark.parametrize("fault", [on("blobs", ignores_ranges), refuses_ranges(416), LIES_IN_CONTENT_RANGE])
def test_a_range_that_the_registry_does_not_serve_is_none(layout: Path, fault: Fault) -> None:
    with reading(layout, fault) as (client, _):
        assert client.blob_range(DIGEST, 10, 20) is None


def test_a_manifest_that_is_too_large_or_another_one_is_refused(layout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "DOCUMENT_LIMIT", 1000)
    too_large = on("manifests", lambda _, __: Reply(body=b"x" * 1001))
    with reading(layout, too_large) as (client, _), pytest.raises(InvalidManifest, match=r"is larger than 1\.0 kB"):
        client.manifest("v1")
    other = on("manifests", lambda _, __: Reply(body=b"{}"))
    with reading(layout, other) as (client, _), pytest.raises(DigestMismatch, match="has the digest sha256:44136fa"):
        client.manifest(Digest.parse(MANIFEST["digest"]))


def test_a_manifest_that_breaks_is_asked_for_again_and_a_compressed_one_refused(layout: Path) -> None:
    with reading(layout, on("manifests", lambda _, reply: replace(reply, cut=9), times=1)) as (client, _):
        assert str(client.manifest("v1").digest) == MANIFEST["digest"]
    packed = on("manifests", lambda _, reply: replace(reply, body=gzip.compress(reply.body)))
    with reading(layout, packed) as (client, _), pytest.raises(InvalidManifest, match=r"tag v1 .* comes compressed"):
        client.manifest("v1")


def test_tags_go_on_at_the_next_page_of_the_same_host_only(layout: Path) -> None:
    def paged(request: Request, reply: Reply) -> Reply:
        pages = {
            "n=1000": '</v2/my-app/tags/list?n=1000&last=v1>; rel="next"',
            "last=v1": '<http://other/>; rel="next"',
        }
        link = next(link for query, link in pages.items() if request.path.endswith(query))
        return reply.with_headers(Link=link)

    with reading(layout, on("tags", paged)) as (client, _):
        tags = client.tags()
        assert [next(tags), next(tags)] == ["v1", "v1"]
        with pytest.raises(SourceError, match="another host"):
            next(tags)


def test_referrers_come_from_the_api_or_else_from_the_tag(layout: Path) -> None:
    digest = Digest.parse(MANIFEST["digest"])
    with reading(layout) as (client, server):
        assert client.referrers(digest) is None
        assert server.paths[-1] == f"/v2/my-app/manifests/sha256-{digest.encoded}"
        server.referrers[str(digest)] = b'{"manifests": []}'
        assert client.referrers(digest) == b'{"manifests": []}'


def test_what_is_left_of_a_limit_is_known(layout: Path) -> None:
    fault = on("manifests", lambda _, __: Reply(429).with_headers(Retry_After="0.0", RateLimit_Remaining="7;w=21600"))
    with reading(layout, fault) as (client, _):
        with pytest.raises(SourceError, match="too many requests"):
            client.manifest("v1")
        assert client.rate_limit == 7


def test_cancelling_ends_a_request_that_gets_no_answer(layout: Path) -> None:
    asked, ended = threading.Event(), threading.Event()

    def hangs(_: Request, reply: Reply) -> Reply:
        asked.set()
        ended.wait(5)
        return reply

    with reading(layout, on("manifests", hangs)) as (client, _):
        errors: list[BaseException] = []

        def ask() -> None:
            try:
                client.manifest("v1")
            except ReadingStopped as error:
                errors.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        assert asked.wait(5)
        client.cancel()
        thread.join(2)
        ended.set()
        assert [type(error) for error in errors] == [ReadingStopped]
        with pytest.raises(ReadingStopped):
            client.manifest("v1")


def test_a_reader_stops_when_it_is_asked_to(layout: Path) -> None:
    with reading(layout) as (client, _), pytest.raises(ReadingStopped):
        list(client.blob(DIGEST, len(BLOB), lambda: True))
