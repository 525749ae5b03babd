"""Images that an engine exports while they are read: layer by layer, in whatever order the blobs come."""

import errno
import itertools
import json
from collections import deque
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from threading import Event, Thread
from typing import TypeGuard

import pytest

from layerscope.cache.cache import Cache
from layerscope.errors import DigestMismatch, ImageNotFound, LayerscopeError, SourceError
from layerscope.model.image import Compression
from layerscope.model.progress import ExportProgress
from layerscope.session.files.revision import file_at
from layerscope.session.image_session import ImageRequest, ImageSession
from layerscope.session.open import open_image, open_images, open_or_choose
from layerscope.session.reading.background import (
    BackgroundReader,
    ImageReceived,
    LayerRead,
    LayersStacked,
    ReadingFailed,
    read_in_background,
)
from layerscope.session.reading.reception import receive
from layerscope.sources.engine import client as client_module
from tests.builders import (
    OciStore,
    archive_bytes,
    blob_name,
    docker_files,
    file,
    image,
    layer,
    sha256,
    whiteout,
)
from tests.sources.engine.exporting import HeldExport, described, image_answers, in_order, offset_behind
from tests.sources.engine.fake_engine import Answer, answer, fake_engine, ping

BASE, MIDDLE, TOP = layer(file("etc/hosts", b"one")), layer(file("srv/app", b"x" * 5000)), layer(whiteout("srv/app"))
HISTORY = [
    {"created_by": "ADD rootfs.tar /"},
    {"created_by": "ENV A=1", "empty_layer": True},
    {"created_by": "COPY app /srv/"},
    {"created_by": "RUN /bin/sh -c rm /srv/app # buildkit"},
]
APP = image(BASE, MIDDLE, TOP, tags=["app:v1"], history=HISTORY)
FILES = docker_files(APP)
NAMES = [blob_name(sha256(each)) for each in (BASE, MIDDLE, TOP)]
PATHS = [b"etc", b"etc/hosts", b"srv"]


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of the only engine's socket; temporary files go to a folder of their own."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/s")
    monkeypatch.delenv("CONTAINER_HOST")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    return tmp_path / "s"


def left_behind(docker: Path) -> list[Path]:
    return list((docker.parent / "temporary").iterdir())


def present_paths(session: ImageSession) -> list[bytes]:
    tree = session.load().tree
    return [row.entry.path for row in tree.rows(len(session.image.layers)) if row.change.name != "REMOVED"]


@pytest.mark.parametrize("order", itertools.permutations(NAMES))
@pytest.mark.parametrize("documents_first", [True, False])
def test_the_order_of_the_blobs_makes_no_difference(docker: Path, order: list[str], documents_first: bool) -> None:
    others = [name for name in FILES if name not in NAMES]
    names = [*others, *order] if documents_first else [*order, *others]
    exported = answer(in_order(FILES, names))
    with fake_engine(docker, image_answers(APP, "app:v1", exported)), open_image("app:v1") as session:
        assert present_paths(session) == PATHS
        assert [step.layer for step in session.image.steps] == [1, None, 2, 3]
        assert [layer.error for layer in session.tallies.layers.values()] == [None] * 3
        hosts = file_at(session.load(), "/etc/hosts", 3)
        assert b"".join(session.load().contents.chunks(hosts)) == b"one"
    assert left_behind(docker) == []


@pytest.mark.parametrize("compression", [Compression.GZIP, Compression.ZSTD])
def test_layers_are_recognized_by_the_digest_of_their_decompressed_bytes(
    docker: Path, compression: Compression
) -> None:
    store = OciStore()
    index = store.index([store.image(APP, compression=compression)])
    answers = image_answers(APP, "app:v1")
    details = described(APP, ["app:v1"]) | {"Id": index["digest"]}
    answers |= {
        "/info": answer(b'{"DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}'),
        "/images/app:v1/json": answer(json.dumps(details).encode()),
        f"/images/{index['digest']}/history": answers[f"/images/{sha256(APP.config_json)}/history"],
        f"/images/{index['digest']}/get": answer(archive_bytes(store.files([index]))),
    }
    with fake_engine(docker, answers), open_image("app:v1") as session:
        assert present_paths(session) == PATHS
        assert session.image.layers[0].compression is compression


def test_layers_that_are_the_same_come_once(docker: Path) -> None:
    twice = image(layer(), BASE, layer(), MIDDLE, layer())
    with fake_engine(docker, image_answers(twice, "app:v1")), open_image("app:v1") as session:
        assert present_paths(session) == [*PATHS, b"srv/app"]


def test_two_images_of_one_engine_are_exported_in_one_call(docker: Path) -> None:
    other = image(BASE, layer(file("other")), tags=["app:v2"])
    answers = image_answers(APP, "app:v1") | image_answers(other, "app:v2")
    answers["/images/get"] = answer(archive_bytes(docker_files(APP, other)))
    with fake_engine(docker, answers) as engine:
        old, new = open_images([ImageRequest("app:v1"), ImageRequest("app:v2")])
        with old, new:
            assert (present_paths(old), present_paths(new)) == (PATHS, [b"etc", b"etc/hosts", b"other"])
    assert len([path for path in engine.requests if "/get" in path]) == 1
    assert left_behind(docker) == []


@pytest.fixture
def held(docker: Path) -> Iterator[HeldExport]:
    """Let the engine stop in the middle of the last layer."""
    archive = in_order(FILES, [*NAMES, *(name for name in FILES if name not in NAMES)])
    export = HeldExport(archive, offset_behind(archive, NAMES[2]) - 700)
    with fake_engine(docker, image_answers(APP, "app:v1", export)):
        yield export
        export.release()


def opened() -> ImageSession:
    session = open_or_choose("app:v1")
    assert isinstance(session, ImageSession)
    return session


def test_the_steps_are_known_before_the_export_begins_and_layers_before_it_ends(held: HeldExport) -> None:
    with opened() as session:
        assert [step.title for step in session.image.steps][:2] == ["ADD rootfs.tar /", "ENV A=1"]
        assert [step.layer for step in session.image.steps] == [1, None, 2, 3]
        reader = read_in_background(session, 3)
        held.may_begin.set()
        export = Thread(target=lambda: received.extend(receive(session, reader)))
        received: list[object] = []
        export.start()
        events = reader.events()
        read = [event.layer for event in itertools.islice(filter(is_read, events), 2)]
        assert read == [1, 2]
        assert not any(isinstance(event, ImageReceived) for event in received)
        held.may_end.set()
        last = [event for event in events if isinstance(event, LayersStacked)][-1]
        export.join()
        reader.close()
        assert last.last
        assert isinstance(received[0], ExportProgress)
        assert isinstance(received[-1], ImageReceived)
        assert session.image.layers[2].blob is not None


def is_read(event: object) -> TypeGuard[LayerRead]:
    return isinstance(event, LayerRead)


@pytest.mark.parametrize("begins", [True, False])
def test_an_export_is_cancelled_while_the_engine_is_silent(held: HeldExport, docker: Path, begins: bool) -> None:
    with opened() as session:
        reader, received = read_in_background(session, 3), list[object]()
        events = receive(session, reader)
        received.append(next(events))
        export = Thread(target=lambda: received.extend(events))
        if begins:
            held.may_begin.set()
            received.append(next(events))
        export.start()
        session.stop_reading()
        export.join()
        reader.close()
        assert all(isinstance(event, ExportProgress) for event in received)
        assert reader.failure is None
    assert left_behind(docker) == []


def broken(data: bytes) -> Answer:
    """Announce a whole archive, and send these bytes."""
    return b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(data), data)


WHOLE = archive_bytes(FILES)
OTHER = docker_files(image(layer(file("other")), tags=["app:v1"]))
SWAPPED = FILES | {NAMES[1]: layer(file("srv/app", b"y" * 5000))}
BROKEN: dict[str, tuple[Answer, type[LayerscopeError], str]] = {
    "the engine dies": (broken(WHOLE[:9000]), SourceError, "the connection was closed early"),
    "nothing comes": (b"", SourceError, "the connection was closed early"),
    "an error": (answer(b'{"message": "no space left on device"}', 500), SourceError, "no space left on device"),
    "the image has gone": (answer(b'{"message": "No such image"}', 404), SourceError, "No such image"),
    "no tar": (answer(b"<html>" * 1000), LayerscopeError, "app:v1 is a text file, not an image"),
    "a tar that ends early": (answer(WHOLE[:9000]), LayerscopeError, "truncated or broken"),
    "another image": (answer(archive_bytes(OTHER)), DigestMismatch, "the engine exported another image than"),
    "other bytes": (answer(archive_bytes(SWAPPED)), DigestMismatch, "the engine sent other bytes for layer 2"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_export_is_one_sentence_and_leaves_nothing(docker: Path, what: str) -> None:
    reply, kind, sentence = BROKEN[what]
    with fake_engine(docker, image_answers(APP, "app:v1", reply)), pytest.raises(kind) as caught:
        open_image("app:v1")
    assert sentence in str(caught.value)
    assert str(caught.value).isprintable()
    assert left_behind(docker) == []


def test_a_failure_is_reported_to_the_explorer_and_its_reader(docker: Path) -> None:
    with fake_engine(docker, image_answers(APP, "app:v1", broken(WHOLE[:9000]))), opened() as session:
        reader = read_in_background(session, 3)
        last = list(receive(session, reader))[-1]
        reader.close()
        assert isinstance(last, ReadingFailed)
        assert last.reason == reader.failure
        assert "the connection was closed early" in last.reason


def test_silence_after_the_first_byte_ends_an_export(
    held: HeldExport, docker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "STREAM_SECONDS", 0.2)
    held.may_begin.set()
    with pytest.raises(SourceError, match="no answer within 0 seconds"):
        open_image("app:v1")
    assert left_behind(docker) == []


def test_an_image_without_layers_is_not_exported(docker: Path) -> None:
    empty = image(tags=["app:v1"], history=[{"created_by": "CMD x", "empty_layer": True}])
    with fake_engine(docker, image_answers(empty, "app:v1")) as engine, open_image("app:v1") as session:
        assert [step.title for step in session.image.steps] == ["CMD x"]
        assert session.image.layers == ()
    assert not [path for path in engine.requests if path.endswith("/get")]


def test_a_full_disk_ends_an_export_with_one_sentence(docker: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_file: FileIO, _chunk: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("layerscope.sources.engine.export.write_all", full)
    with fake_engine(docker, image_answers(APP, "app:v1")), pytest.raises(SourceError) as caught:
        open_image("app:v1")
    assert str(caught.value).startswith(f"not enough space in {docker.parent}/temporary for a copy of the image app:v1")
    assert left_behind(docker) == []


CONTAINERD = answer(b'{"DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}')


@pytest.mark.parametrize(("api", "asked"), [("1.48", "?platform=%7B%22os%22%3A%22linux%22"), ("1.47", "")])
def test_one_platform_of_several_is_exported_where_the_engine_can(docker: Path, api: str, asked: str) -> None:
    store = OciStore()
    own, other = (image(layer(file(each)), platform=f"linux/{each}") for each in ("amd64", "arm64"))
    index = store.index([store.image(own), store.image(other)])
    exported = [store.image(other)] if asked else [index]
    answers: dict[str, Answer] = {
        "/_ping": ping(api),
        "/info": CONTAINERD,
        "/images/app:v1/json": answer(json.dumps(described(own, ["app:v1"]) | {"Id": index["digest"]}).encode()),
        f"/images/{index['digest']}/history": answer(b"[]"),
        f"/images/{index['digest']}/get": answer(archive_bytes(store.files(exported))),
    }
    with fake_engine(docker, answers) as engine, open_image("app:v1", platform="linux/arm64") as session:
        assert str(session.image.platform) == "linux/arm64"
        assert present_paths(session) == [b"arm64"]
    assert engine.requests[-1].partition("/get")[2].startswith(asked)


def test_a_platform_that_the_engine_does_not_have_is_one_sentence(docker: Path) -> None:
    with fake_engine(docker, image_answers(APP, "app:v1")), pytest.raises(ImageNotFound) as caught:
        open_image("app:v1", platform="linux/s390x")
    assert str(caught.value) == "app:v1 holds no image for linux/s390x; it holds app:v1 (linux/amd64)"


def test_what_the_explorer_received_is_known_the_next_time(docker: Path) -> None:
    cache = Cache(docker.parent / "cache")
    with fake_engine(docker, image_answers(APP, "app:v1")) as engine:
        session = open_or_choose("app:v1", cache=cache)
        assert isinstance(session, ImageSession)
        with session:
            reader = read_in_background(session, 3)
            export = Thread(target=lambda: deque(receive(session, reader), maxlen=0))
            export.start()
            deque(reader.events(), maxlen=0)
            export.join()
            assert isinstance(reader, BackgroundReader)
            # it keeps what it has read when all has been sent
            reader._process.wait()
            reader.close()
        engine.requests.clear()
        with open_image("app:v1", cache=cache) as again:
            assert present_paths(again) == PATHS
            assert b"".join(again.load().contents.chunks(file_at(again.load(), "/etc/hosts", 3))) == b"one"
        assert not [path for path in engine.requests if path.endswith("/get")]


CONTAINER = {
    "Id": "c0ffee",
    "Name": "/web",
    "Image": sha256(APP.config_json),
    "State": {"Status": "exited"},
    "Config": {"Image": "app:v1"},
}


def container_answers(export: Answer | None = None) -> dict[str, Answer]:
    """Return the answers about a container that has written one file, and about its image."""
    return image_answers(APP, "app:v1", export) | {
        "/containers/web/json": answer(json.dumps(CONTAINER).encode()),
        "/containers/c0ffee/changes": answer(b'[{"Path": "/new", "Kind": 1}]'),
        "/containers/c0ffee/archive": answer(layer(file("new", b"written"))),
    }


def opened_container() -> ImageSession:
    session = open_or_choose("container://web")
    assert isinstance(session, ImageSession)
    return session


def test_the_steps_of_a_container_are_known_before_its_image_is_exported(docker: Path) -> None:
    archive = in_order(FILES, [*NAMES, *(name for name in FILES if name not in NAMES)])
    export = HeldExport(archive, offset_behind(archive, NAMES[2]) - 700)
    with fake_engine(docker, container_answers(export)), opened_container() as session:
        assert [step.layer for step in session.image.steps] == [1, None, 2, 3, 4]
        assert session.image.steps[-1].title == "writable layer of web (exited)"
        reader, received = read_in_background(session, 4), list[object]()
        export.may_begin.set()
        receiving = Thread(target=lambda: received.extend(receive(session, reader)))
        receiving.start()
        events = reader.events()
        assert [event.layer for event in itertools.islice(filter(is_read, events), 2)] == [1, 2]
        export.may_end.set()
        assert {event.layer for event in events if isinstance(event, LayerRead)} == {3, 4}
        receiving.join()
        reader.close()
        assert isinstance(received[-1], ImageReceived)
        assert present_paths(session) == [b"etc", b"etc/hosts", b"new", b"srv"]
        assert b"".join(session.load().contents.chunks(file_at(session.load(), "/new", 4))) == b"written"
    assert left_behind(docker) == []


def test_a_container_and_its_image_are_exported_in_one_call(docker: Path) -> None:
    with fake_engine(docker, container_answers()) as engine:
        image_session, container = open_images([ImageRequest("app:v1"), ImageRequest("container://web")])
        with image_session, container:
            assert present_paths(image_session) == PATHS
            assert present_paths(container) == [b"etc", b"etc/hosts", b"new", b"srv"]
    assert len([path for path in engine.requests if path.endswith("/get")]) == 1


def test_the_writable_layer_of_a_known_image_is_awaited_alone(docker: Path) -> None:
    cache = Cache(docker.parent / "cache")
    with fake_engine(docker, container_answers()) as engine:
        with open_image("app:v1", cache=cache) as first:
            assert present_paths(first) == PATHS
        engine.requests.clear()
        session = open_or_choose("container://web", cache=cache)
        assert isinstance(session, ImageSession)
        with session:
            reader = read_in_background(session, 4)
            events = reader.events()
            assert {event.layer for event in itertools.islice(filter(is_read, events), 3)} == {1, 2, 3}
            assert [type(event) for event in receive(session, reader)] == [ImageReceived]
            assert [event.layer for event in events if isinstance(event, LayerRead)] == [4]
            reader.close()
            assert b"".join(session.load().contents.chunks(file_at(session.load(), "/etc/hosts", 4))) == b"one"
        assert not [path for path in engine.requests if path.endswith("/get")]


def test_a_silent_engine_does_not_keep_a_container_from_being_closed(docker: Path) -> None:
    has_begun, may_end = Event(), Event()

    def silent(_connection: object) -> None:
        has_begun.set()
        may_end.wait()

    answers = container_answers() | {"/containers/c0ffee/changes": silent}
    with fake_engine(docker, answers), opened_container() as session:
        reader, received = read_in_background(session, 4), list[object]()
        receiving = Thread(target=lambda: received.extend(receive(session, reader)))
        receiving.start()
        has_begun.wait()
        session.stop_reading()
        receiving.join()
        reader.close()
        may_end.set()
        assert reader.failure is None
        assert not any(isinstance(event, ImageReceived) for event in received)
    assert left_behind(docker) == []


def test_a_container_that_goes_while_it_is_read_is_one_sentence(docker: Path) -> None:
    gone = answer(b'{"message": "No such container: c0ffee"}', 404)
    answers = container_answers() | {"/containers/c0ffee/changes": gone}
    with fake_engine(docker, answers), pytest.raises(ImageNotFound, match="No such container: c0ffee"):
        open_image("container://web")
    assert left_behind(docker) == []
