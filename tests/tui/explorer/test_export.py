"""The explorer while an engine exports the image: steps first, then layer by layer."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from layerscope.errors import LayerscopeError
from layerscope.model.image import Compression
from layerscope.session.image_session import ImageSession
from layerscope.session.open import open_or_choose
from layerscope.session.reading.background import read_in_background
from layerscope.tui.app import LayerscopeApp, explorer_app
from layerscope.work import pause_words
from tests.builders import blob_name, docker_files, file, image, layer, oci_layout, sha256, to_json
from tests.registry_server import Reply, Request, on, registry
from tests.sources.engine.exporting import HeldExport, image_answers, in_order, offset_behind
from tests.sources.engine.fake_engine import Answer, answer, fake_engine
from tests.table_layers import table_layer, table_layout
from tests.tui.journeys import WIDE, Journey

LAYERS = [layer(file("etc/hosts", b"one")), layer(file("srv/app", b"x" * 5000))]
APP = image(*LAYERS, tags=["app:v1"], history=[{"created_by": "ADD rootfs.tar /"}, {"created_by": "COPY app /srv/"}])
NAMES = [blob_name(sha256(each)) for each in LAYERS]


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HeldExport]:
    """Let the engine stop in the middle of the last layer."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/s")
    monkeypatch.delenv("CONTAINER_HOST")
    files = docker_files(APP)
    archive = in_order(files, [*NAMES, *(name for name in files if name not in NAMES)])
    export = HeldExport(archive, offset_behind(archive, NAMES[1]) - 700)
    with fake_engine(tmp_path / "s", image_answers(APP, "app:v1", export)):
        yield export
        export.release()


@pytest.fixture
def session(held: HeldExport) -> Iterator[ImageSession]:
    assert not held.may_begin.is_set()
    opened = open_or_choose("app:v1")
    assert isinstance(opened, ImageSession)
    with opened:
        yield opened


def app_for(session: ImageSession) -> LayerscopeApp:
    return explorer_app(session, read_in_background(session, len(session.image.layers)))


async def test_layers_fill_in_while_the_export_goes_on_and_keys_work(held: HeldExport, session: ImageSession) -> None:
    app = app_for(session)
    with app.resources:
        async with app.run_test(size=WIDE) as pilot:
            it = Journey(app, pilot)
            await pilot.pause()
            assert "docker prepares the export, " in it.title()
            assert "ADD rootfs.tar /" in it.screen()
            assert "Layer 2 has not come yet." in it.screen()
            held.may_begin.set()
            await it.until(lambda: "exporting: " in it.title())
            await it.press("[")
            await it.until(lambda: "etc/" in it.screen())
            assert it.layer() == 1
            held.may_end.set()
            await it.until(lambda: "5.0 kB in 2 layers" in it.title())
            assert it.layer() == 1
            await it.press("]")
            assert "srv/" in it.screen()


async def test_quitting_ends_a_silent_export(session: ImageSession) -> None:
    app = app_for(session)
    with app.resources:
        async with app.run_test(size=WIDE) as pilot:
            await pilot.press("q")
    assert app.return_value is None


async def test_an_export_that_breaks_off_is_said_in_the_title(
    held: HeldExport, session: ImageSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("layerscope.sources.engine.client.STREAM_SECONDS", 0.2)
    app = app_for(session)
    async with app.run_test(size=WIDE) as pilot:
        it = Journey(app, pilot)
        held.may_begin.set()
        await it.until(lambda: "cannot export the image app:v1 from docker" in it.title())
        assert "not read" in it.screen()
        assert "waiting" not in it.screen()
        await it.press("q")
    with pytest.raises(LayerscopeError, match="no answer within"):
        app.resources.close()


async def test_a_container_says_that_its_writable_layer_is_awaited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/s")
    monkeypatch.delenv("CONTAINER_HOST")
    may_come = Event()

    def changes(connection: socket.socket) -> None:
        may_come.wait()
        connection.sendall(answer(b'[{"Path": "/new", "Kind": 1}]', headers=b"Connection: close\r\n"))

    answers: dict[str, Answer] = {
        "/info": answer(b"{}"),
        "/containers/web/json": answer(b'{"Id": "c0ffee", "Name": "/web", "Image": "gone"}'),
        "/images/gone/json": answer(b"{}", 404),
        "/containers/c0ffee/changes": changes,
        "/containers/c0ffee/archive": answer(layer(file("new", b"written"))),
    }
    with fake_engine(tmp_path / "s", answers), open_or_choose("container://web") as opened:
        assert isinstance(opened, ImageSession)
        app = app_for(opened)
        with app.resources:
            async with app.run_test(size=WIDE) as pilot:
                it = Journey(app, pilot)
                await it.until(lambda: "docker sends the writable layer, " in it.title())
                may_come.set()
                await it.until(lambda: "7 B in 1 layer" in it.title())


async def test_layers_of_a_registry_fill_in_as_they_come(tmp_path: Path) -> None:
    may_end = Event()
    held = NAMES[0].rpartition("/")[2]

    def hold(request: Request, reply: Reply) -> Reply:
        if held in request.path:
            may_end.wait()
        return reply

    layout = oci_layout(tmp_path / "layout", replace(APP, tags=("v1",)), compression=Compression.NONE)
    with registry(layout, on("blobs", hold)) as server:
        opened = open_or_choose(f"registry://{server.host}/app:v1")
        assert isinstance(opened, ImageSession)
        app = app_for(opened)
        with opened, app.resources:
            async with app.run_test(size=WIDE) as pilot:
                it = Journey(app, pilot)
                await it.until(lambda: "srv/" in it.screen())
                assert "fetching: " in it.title()
                assert "B to fetch" in it.screen()
                assert "ADD rootfs.tar /" in it.screen()
                may_end.set()
                await it.until(lambda: "5.0 kB in 2 layers" in it.title())
                await it.press("[")
                assert "etc/" in it.screen()


async def test_layers_with_a_table_of_contents_are_marked_and_their_files_opened_by_ranges(tmp_path: Path) -> None:
    made = [table_layer(Compression.ZSTD, file(name, b"lines of text\n")) for name in ("etc/os", "var/lib/dpkg/status")]
    with registry(table_layout(tmp_path / "layout", *made)) as server:
        opened = open_or_choose(f"registry://{server.host}/app:v1", from_tables=True)
        assert isinstance(opened, ImageSession)
        app = app_for(opened)
        with opened, app.resources:
            async with app.run_test(size=WIDE) as pilot:
                it = Journey(app, pilot)
                await it.until(lambda: "28 B in 2 layers" in it.title())
                assert "2 ≡" in it.screen()
                assert "Listed" in it.screen()
                await it.press("tab", "down", "enter")
                await it.until(lambda: "lines of text" in it.screen())
        wholes = [request.path for request in server.requests if "Range" not in request.headers]
        assert not [path for path in wholes if any(sha256(layer.blob) in path for layer in made)]


async def test_a_registry_that_asks_to_wait_is_waited_for_visibly(tmp_path: Path) -> None:
    layout = oci_layout(tmp_path / "layout", replace(APP, tags=("v1",)))
    config = sha256(APP.config_json)
    busy = Reply(429).with_headers(Retry_After="30")
    with registry(layout, on("blobs", lambda request, reply: reply if config in request.path else busy)) as server:
        opened = open_or_choose(f"registry://{server.host}/app:v1")
        assert isinstance(opened, ImageSession)
        app = app_for(opened)
        with opened, app.resources:
            async with app.run_test(size=WIDE) as pilot:
                it = Journey(app, pilot)
                await it.until(lambda: ", waiting " in it.title())
                assert " seconds for the registry" in it.title()
                opened.stop_reading()
                await it.until(lambda: not pause_words())


async def test_the_registry_is_asked_what_is_attached_when_the_details_of_the_image_are_shown(tmp_path: Path) -> None:
    may_answer = Event()

    def hold(_request: Request, reply: Reply) -> Reply:
        may_answer.wait()
        return reply.with_headers(RateLimit_Remaining="76;w=21600")

    layout = oci_layout(tmp_path / "layout", replace(APP, tags=("v1",)))
    with registry(layout, on("referrers", hold)) as server:
        signature = {"mediaType": "a/b", "digest": f"sha256:{'c' * 64}", "artifactType": "signature/x"}
        server.referrers[server.tags["v1"]] = to_json({"manifests": [signature]})
        opened = open_or_choose(f"registry://{server.host}/app:v1")
        assert isinstance(opened, ImageSession)
        app = app_for(opened)
        with opened, app.resources:
            async with app.run_test(size=WIDE) as pilot:
                it = Journey(app, pilot)
                await it.until(lambda: "5.0 kB in 2 layers" in it.title())
                await it.press("i", "i", "i")
                assert "asking for attestations and other" in it.screen()
                may_answer.set()
                await it.until(lambda: "an artifact of type signature/x" in it.screen())
                assert "the registry's limit leaves" in it.screen()
        assert len([path for path in server.paths if "referrers" in path]) == 1
