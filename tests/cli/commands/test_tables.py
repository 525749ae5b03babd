"""Layers of a registry that are listed from their tables of contents, by whole commands; the server counts bytes."""

import json
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from layerscope.model.entries import LayerEntries
from layerscope.model.image import Compression, FileSpan, Layer
from layerscope.session.image_session import ImageRequest
from layerscope.session.open import open_images
from layerscope.sources.layer.reader import read_layer
from layerscope.sources.layer.table_of_contents import list_table
from tests.builders import Json, device, directory, fifo, file, hardlink, opaque, sha256, symlink, whiteout
from tests.cli.runner import ask, document
from tests.registry_server import Reply, Request, Server, on, registry
from tests.table_layers import CHECKSUM, POSITION, TOC_DIGEST, TableLayer, table_layer, table_layout

pytestmark = pytest.mark.thorough

Capture = pytest.CaptureFixture[str]

FORMS = (Compression.ZSTD, Compression.GZIP)
NOISE = "".join(f"{number:>8}" for number in range(1000)).encode()
BASE = (
    directory("./", mtime=1),
    directory("./etc/", mtime=1_700_000_000),
    file("./etc/os", b"debian, version 13", uid=70_000, gid=33),
    file("./etc/empty"),
    file("./etc/old", b"old", mtime=-86_400),
    file("usr/bin/tool", b"#!/bin/sh\n", mode=0o4755, records={"SCHILY.xattr.security.capability": "cap"}),
    hardlink("usr/bin/same", "./usr/bin/tool"),
    symlink("bin", "usr/bin"),
    fifo("run/pipe"),
    device("dev/null", 1, 3),
    device("dev/sda", 8, 0, block=True),
    file("noise", NOISE),
)
TOP = (whiteout("etc/os"), opaque("run"), file("run/new", b"new"), file("../outside", b"x"))
ESTARGZ = {"/stargz.index.json", "/.no.prefetch.landmark"}
"""Entries of an eStargz layer that are not files of the image."""

Lie = Callable[[Json], object]


def layers(form: Compression, **facts: object) -> list[TableLayer]:
    landmark = [file(".no.prefetch.landmark", b"\xf0")] if form is Compression.GZIP else []
    return [table_layer(form, *landmark, *BASE, **facts), table_layer(form, *TOP)]  # type: ignore[arg-type]


def listed_from(capsys: Capture, reference: str, *options: str) -> list[str]:
    return [layer["listed_from"] for layer in document(capsys, "layers", reference, *options)["layers"]]


def whole_requests(server: Server, layout: Path) -> list[int]:
    """Return the layers that were requested whole, by position."""
    manifest = json.loads((layout / "blobs" / Path(*server.tags["v1"].split(":"))).read_bytes())
    digests = [layer["digest"] for layer in manifest["layers"]]
    wholes = [request.path for request in server.requests if "Range" not in request.headers]
    return [number for number, digest in enumerate(digests) if any(digest in path for path in wholes)]


@pytest.mark.parametrize("form", FORMS)
def test_a_table_lists_what_the_walk_over_the_tar_lists(form: Compression, tmp_path: Path) -> None:
    kept: list[bytes] = []

    def keep(data: bytes) -> bytes:
        kept.append(data)
        return data

    made = table_layer(form, *BASE, *TOP, encoded=keep)
    (tmp_path / "blob").write_bytes(made.blob)
    blob = FileSpan.of_file(str(tmp_path / "blob"), (tmp_path / "blob").stat())
    walked, listed = LayerEntries(), list_table(kept[0], len(made.blob))
    deque(read_layer(Layer(1, blob, form), walked), maxlen=0)
    if form is Compression.GZIP:
        assert list(walked.paths)[-1] == b"stargz.index.json"
    rows = len(listed.table)
    assert list(listed)[:rows] == list(walked)[:rows]
    assert rows == len(BASE) + 1
    others = ("whiteouts", "opaque_whiteouts", "warnings")
    assert [getattr(listed, name) for name in others] == [getattr(walked, name) for name in others]


@pytest.mark.parametrize("form", FORMS)
def test_a_tree_is_listed_from_tables_for_a_few_bytes(form: Compression, tmp_path: Path, capsys: Capture) -> None:
    layout = table_layout(tmp_path / "layout", *layers(form))
    with registry(layout) as server:
        reference = f"registry://{server.host}/app:v1"
        assert listed_from(capsys, reference) == ["table", "table"]
        tree = document(capsys, "tree", reference)
        assert "/usr/bin/tool" in ask(capsys, "find", reference, "tool").out
        assert whole_requests(server, layout) == []
        server.requests.clear()
        assert document(capsys, "tree", reference) == tree
        assert [request.method for request in server.requests] == ["HEAD"]
        assert listed_from(capsys, reference, "--full") == ["layer", "layer"]
        assert whole_requests(server, layout) == [0, 1]
        whole = document(capsys, "tree", reference, "--full")
        found = [entry for entry in whole["entries"] if entry["path"] not in ESTARGZ]
        assert tree["entries"] == found
        assert listed_from(capsys, reference) == ["layer", "layer"]


@pytest.mark.parametrize("form", FORMS)
def test_a_file_is_read_by_the_ranges_of_its_pieces(form: Compression, tmp_path: Path, capsys: Capture) -> None:
    layout = table_layout(tmp_path / "layout", *layers(form))
    with registry(layout) as server:
        reference = f"registry://{server.host}/app:v1"
        ask(capsys, "tree", reference)
        server.requests.clear()
        sent = server.sent
        assert ask(capsys, "cat", reference, "/etc/os", "--layer", "1").out == "debian, version 13"
        assert server.sent - sent < 400
        assert ask(capsys, "cat", reference, "/bin/same").out == "#!/bin/sh\n"
        assert ask(capsys, "cat", reference, "/etc/empty").out == ""
        assert ask(capsys, "cat", reference, "/noise").out == NOISE.decode()
        assert whole_requests(server, layout) == []


LIES: dict[str, Lie] = {
    "version": lambda table: table.update(version=2),
    "kind": lambda table: table["entries"][2].update(type="socket"),
    "zero byte": lambda table: table["entries"][2].update(name="etc/\0os"),
    "lost name": lambda table: table["entries"][2].update(name="etc/\ufffd"),
    "negative size": lambda table: table["entries"][2].update(size=-1),
    "huge sizes": lambda table: [entry.update(size=1 << 62) for entry in table["entries"]],
    "time": lambda table: table["entries"][2].update(modtime="yesterday"),
    "xattr": lambda table: table["entries"][2].update(xattrs={"user.a": "%"}),
    "no entries": lambda table: table.pop("entries"),
    "many": lambda table: table["entries"].extend([{}] * 10_000),
}


def without_range(request: Request, reply: Reply) -> Reply:
    """Send the whole blob, whatever is asked for."""
    return replace(reply, status=200, headers={}) if "Range" in request.headers else reply


def tree_of(out: str) -> list[str]:
    return [line for line in out.splitlines() if "stargz.index.json" not in line and "landmark" not in line]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("lie", LIES)
def test_a_table_that_cannot_be_taken_is_left_for_the_layer(
    lie: str, form: Compression, tmp_path: Path, capsys: Capture
) -> None:
    base, top = layers(form, change=LIES[lie])
    with registry(table_layout(tmp_path / "layout", base, top)) as server:
        reference = f"registry://{server.host}/app:v1"
        found = ask(capsys, "tree", reference)
        assert "layerscope: layer 2 is listed from its table of contents; --full reads it whole" in found.err
        assert listed_from(capsys, reference) == ["layer", "table"]
        assert tree_of(found.out) == tree_of(ask(capsys, "tree", reference, "--full", "--no-cache").out)


def stated(made: TableLayer, **changes: str) -> TableLayer:
    return replace(made, annotations=made.annotations | changes)


def moved(made: TableLayer, offset: int = 0, size: int | None = None, raw: int | None = None) -> TableLayer:
    """Return a layer whose manifest states another position of the table."""
    at, stored, unpacked, kind = made.annotations[POSITION].split(":")
    position = f"{int(at) + offset}:{stored if size is None else size}:{unpacked if raw is None else raw}:{kind}"
    return stated(made, **{POSITION: position})


MISSTATED: dict[str, tuple[Compression, Callable[[TableLayer], TableLayer]]] = {
    "digest": (Compression.ZSTD, lambda made: stated(made, **{CHECKSUM: sha256(b"")})),
    "digest of the index": (Compression.GZIP, lambda made: stated(made, **{TOC_DIGEST: sha256(b"")})),
    "no digest": (Compression.GZIP, lambda made: stated(made, **{TOC_DIGEST: "sha256:no"})),
    "both kinds": (Compression.ZSTD, lambda made: stated(made, **{TOC_DIGEST: sha256(b"")})),
    "no position": (Compression.ZSTD, lambda made: stated(made, **{POSITION: "1:2:3"})),
    "past the end": (Compression.ZSTD, lambda made: moved(made, offset=1 << 40)),
    "too large": (Compression.ZSTD, lambda made: moved(made, raw=1 << 40)),
    "too small": (Compression.ZSTD, lambda made: moved(made, raw=10)),
    "in another image": (
        Compression.GZIP,
        lambda made: replace(made, blob=made.blob[:-51] + made.blob[-51:].replace(b"STARGZ", b"STARGX")),
    ),
    "no footer": (Compression.GZIP, lambda made: replace(made, blob=made.blob[:-51])),
}


@pytest.mark.parametrize("misstated", MISSTATED)
def test_a_table_that_is_not_where_the_manifest_says_is_left_for_the_layer(
    misstated: str, tmp_path: Path, capsys: Capture
) -> None:
    form, change = MISSTATED[misstated]
    with registry(table_layout(tmp_path / "layout", change(table_layer(form, *BASE)))) as server:
        reference = f"registry://{server.host}/app:v1"
        assert listed_from(capsys, reference) == ["layer"]
        assert "/usr/bin/tool" in ask(capsys, "tree", reference).out


def test_a_server_that_ignores_ranges_sends_the_layer_once(tmp_path: Path, capsys: Capture) -> None:
    layout = table_layout(tmp_path / "layout", *layers(Compression.ZSTD))
    with registry(layout, on("blobs", without_range)) as server:
        reference = f"registry://{server.host}/app:v1"
        assert listed_from(capsys, reference) == ["layer", "layer"]
        assert whole_requests(server, layout) == [0, 1]


def wrong_piece(table: Json) -> None:
    for entry in table["entries"]:
        if entry["name"] == "./etc/os" and "chunkOffset" in entry:
            entry["chunkDigest"] = sha256(b"")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("fault", ["a wrong digest", "no ranges any more"])
def test_a_file_whose_pieces_are_wrong_is_read_from_the_whole_layer(
    form: Compression, fault: str, tmp_path: Path, capsys: Capture
) -> None:
    change = wrong_piece if fault == "a wrong digest" else lambda _: None
    layout = table_layout(tmp_path / "layout", *layers(form, change=change))
    with registry(layout) as server:
        reference = f"registry://{server.host}/app:v1"
        ask(capsys, "tree", reference)
        server.faults = (on("blobs", without_range),) if fault == "no ranges any more" else ()
        assert ask(capsys, "cat", reference, "/etc/os", "--layer", "1").out == "debian, version 13"
        assert whole_requests(server, layout) == [0]


def test_a_file_that_the_layer_does_not_have_so_cannot_be_read(tmp_path: Path, capsys: Capture) -> None:
    def lie(table: Json) -> None:
        table["entries"][2]["size"] += 1
        table["entries"].append({"type": "reg", "name": "ghost", "size": 7})

    layout = table_layout(tmp_path / "layout", table_layer(Compression.ZSTD, *BASE, change=lie))
    with registry(layout) as server:
        reference = f"registry://{server.host}/app:v1"
        assert "/ghost" in ask(capsys, "tree", reference).out
        for path in ("/ghost", "/etc/os"):
            outcome = ask(capsys, "cat", reference, path, "--no-cache")
            assert (outcome.status, outcome.out) == (2, "")
            assert "its table of contents says other things of this file than the layer" in outcome.err
        # what the table says was kept, but not as what the layer holds
        assert "/ghost" not in ask(capsys, "tree", reference, "--full").out
        assert "/ghost" not in ask(capsys, "tree", reference).out


@pytest.mark.parametrize("form", FORMS)
def test_what_needs_the_content_of_many_files_reads_the_layer(form: Compression, tmp_path: Path) -> None:
    layout = table_layout(tmp_path / "layout", *layers(form))
    with registry(layout) as server:
        reference = f"registry://{server.host}/app:v1"
        digests = []
        for from_tables in (True, False):
            request = ImageRequest(reference, from_tables=from_tables)
            with open_images([request])[0] as session:
                assert session.image.layers[0].table is not None or not from_tables
                loaded = session.load()
                index = loaded.tree.index
                nodes = [index.find(path) for path in (b"etc/os", b"usr/bin/same", b"noise", b"run/new")]
                files = [index.occurrence(node, 1 + (node == nodes[-1])) for node in nodes if node is not None]
                found = loaded.contents.digests(files)
                digests.append([found[file] for file in files])
                assert len(digests[-1]) == len(nodes)
        assert digests[0] == digests[1]
        assert whole_requests(server, layout) == [0, 1]


def test_the_table_of_an_empty_layer_has_no_list() -> None:
    assert list(list_table(b'{"version": 1, "entries": null}', 100)) == []
