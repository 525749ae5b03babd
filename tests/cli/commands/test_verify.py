"""``layerscope verify``: nothing is wrong with the samples, and each planted defect is found, with a sentence."""

import dataclasses
import gzip
import json
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from layerscope.model.documents import Digest, ImageConfig, RootFS
from layerscope.model.image import Compression, Image, Layer, UnpackedLayer
from layerscope.model.progress import no_progress
from layerscope.session.image_session import ImageRequest
from layerscope.session.open import open_to_verify
from layerscope.session.verifying import check_image
from tests.builders import (
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER,
    ImageRecipe,
    Json,
    Members,
    OciStore,
    blob_name,
    compressed,
    device,
    docker_files,
    file,
    hardlink,
    image,
    layer,
    legacy_docker_files,
    oci_files,
    oci_layout,
    sha256,
    symlink,
    to_json,
    whiteout,
    write_folder,
    write_tar,
)
from tests.cli.runner import Outcome, ask
from tests.registry_server import Reply, Request, on, registry
from tests.samples import SAMPLES
from tests.table_layers import POSITION, TableLayer, table_layer, table_layout

Capture = pytest.CaptureFixture[str]
Defect = Callable[[Members], None]

TARS = (
    layer(file("etc/os-release", b"ID=debian\n" * 900), file("bin/sh", b"\x7fELF" * 700)),
    layer(file("srv/app.py", b"print()\n" * 800)),
    layer(whiteout("srv/app.py"), file("srv/main.py", b"print(1)\n" * 800)),
)
RECIPE = image(*TARS, tags=["my-app:v1"])


def _nested() -> Members:
    """Return a layout with an index below its index, an attestation and layers of zstd."""
    store = OciStore()
    manifest = store.image(RECIPE, compression=Compression.ZSTD)
    return store.files([store.index([manifest, store.attestation(manifest)], tag="my-app:v1")])


IMAGES: dict[str, Callable[[], Members]] = {
    "docker": lambda: docker_files(RECIPE),
    "legacy": lambda: legacy_docker_files(RECIPE),
    "oci": lambda: oci_files(RECIPE, compression=Compression.GZIP),
    "nested": _nested,
}


def _read(files: Members, name: str) -> Any:
    content = files[name]
    assert isinstance(content, bytes)
    return json.loads(content)


def _manifest(files: Members) -> tuple[str, Json]:
    """Return the name of the image's manifest, and the manifest."""
    descriptor = _read(files, "index.json")["manifests"][0]
    if descriptor["mediaType"] == OCI_INDEX:
        descriptor = _read(files, blob_name(descriptor["digest"]))["manifests"][0]
    name = blob_name(descriptor["digest"])
    return name, _read(files, name)


def _blob(files: Members, subject: str, number: int = 1) -> str:
    """Return the name of the file that has a blob."""
    if subject == "index":
        return blob_name(_read(files, "index.json")["manifests"][0]["digest"])
    if "index.json" not in files:
        entry = _read(files, "manifest.json")[0]
        return str(entry["Config"] if subject == "config" else entry["Layers"][number - 1])
    name, manifest = _manifest(files)
    if subject == "manifest":
        return name
    return blob_name((manifest["config"] if subject == "config" else manifest["layers"][number - 1])["digest"])


def flip(subject: str, number: int = 1, old: bytes | None = None, new: bytes = b"") -> Defect:
    """Change a bit in the middle of a blob, or a word of it."""

    def plant(files: Members) -> None:
        name = _blob(files, subject, number)
        data = files[name]
        assert isinstance(data, bytes)
        at = len(data) // 2
        files[name] = data.replace(old, new) if old else data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :]
        assert files[name] != data

    return plant


def cut(subject: str, number: int = 1, rest: int = -700) -> Defect:
    """Leave the end of a blob away."""

    def plant(files: Members) -> None:
        name = _blob(files, subject, number)
        data = files[name]
        assert isinstance(data, bytes)
        files[name] = data[:rest]

    return plant


def lose(subject: str, number: int = 1) -> Defect:
    """Remove a blob."""
    return lambda files: files.__delitem__(_blob(files, subject, number)) if files else None


def state(change: Callable[[Json], None]) -> Defect:
    """Change the manifest, and name it by its new digest, so that only what it says is wrong."""

    def plant(files: Members) -> None:
        name, manifest = _manifest(files)
        change(manifest)
        store = OciStore()
        new = store.add(to_json(manifest), manifest["mediaType"])
        _replace(files, name, store, new)

    return plant


def configure(change: Callable[[Json], None]) -> Defect:
    """Change the config, and name it and the manifest by their new digests."""

    def plant(files: Members) -> None:
        name = _blob(files, "config")
        config = _read(files, name)
        change(config)
        data = to_json(config)
        if "index.json" in files:
            new = OciStore().add(data, OCI_CONFIG)
            state(lambda manifest: manifest.update(config=new))(files)
        if "manifest.json" in files:
            entry = _read(files, "manifest.json")[0]
            digest = sha256(data)
            entry["Config"] = blob_name(digest) if "index.json" in files else f"{digest[7:]}.json"
            files[entry["Config"]] = data
            files["manifest.json"] = to_json([entry])
        else:
            files[blob_name(sha256(data))] = data

    return plant


def _replace(files: Members, name: str, store: OciStore, new: Json) -> None:
    """Put a changed document in the place of one that an index lists, and so on up to ``index.json``."""
    del files[name]
    files.update(store.blobs)
    index_name = "index.json"
    index = _read(files, index_name)
    if index["manifests"][0]["mediaType"] == OCI_INDEX:
        inner_name = blob_name(index["manifests"][0]["digest"])
        inner = _read(files, inner_name)
        inner["manifests"][0] |= new
        above = OciStore()
        index["manifests"][0] |= above.add(to_json(inner), OCI_INDEX)
        del files[inner_name]
        files.update(above.blobs)
    else:
        index["manifests"][0] |= new
    files[index_name] = to_json(index)


def describe(**facts: object) -> Defect:
    """Change the descriptor of the manifest or index in ``index.json``."""

    def plant(files: Members) -> None:
        index = _read(files, "index.json")
        index["manifests"][0] |= facts
        files["index.json"] = to_json(index)

    return plant


def _swap(items: list[Any]) -> None:
    items[0], items[1] = items[1], items[0]


def _set(number: int, **facts: object) -> Callable[[Json], None]:
    return lambda manifest: manifest["layers"][number - 1].update(facts)


def _retype(files: Members) -> None:
    """Compress a layer in another way than its media type says."""
    tar = compressed(TARS[1], Compression.GZIP)
    files[blob_name(sha256(tar))] = tar
    state(_set(2, digest=sha256(tar), size=len(tar)))(files)


def _add_data(files: Members) -> None:
    name = _blob(files, "layer", 3)
    files[name] = bytes(files[name]) + b"more"  # type: ignore[arg-type]  # of these images no blob is a link


def _list_twice(files: Members) -> None:
    entry = _read(files, "manifest.json")[0]
    entry["Layers"].append(entry["Layers"][0])
    files["manifest.json"] = to_json([entry])


def _source(files: Members) -> None:
    entry = _read(files, "manifest.json")[0]
    entry["LayerSources"][sha256(TARS[0])]["size"] += 1
    files["manifest.json"] = to_json([entry])


_HISTORY = lambda config: config["history"].append({"created_by": "RUN true"})  # noqa: E731  # a word of the table

CHANGED = "changed or damaged"
DEFECTS: list[tuple[str, Defect, tuple[str, str, int | None], str, int]] = [
    ("docker", flip("layer", 2), ("digest", "layer", 2), CHANGED, 1),
    ("docker", flip("layer", 2), ("diff_id", "layer", 2), "its tar is not the one that the config names", 1),
    ("docker", flip("config", old=b"amd64", new=b"arm64"), ("digest", "config", None), CHANGED, 1),
    ("docker", flip("config", old=b"{", new=b"["), ("media_type", "config", None), "cannot read", 1),
    ("docker", flip("manifest", old=b"schemaVersion", new=b"schemaVersiom"), ("digest", "manifest", None), CHANGED, 1),
    ("docker", cut("layer", 3), ("size", "layer", 3), "is cut: 700 bytes of its end are missing", 1),
    ("docker", _add_data, ("size", "layer", 3), "has 4 bytes more", 1),
    ("docker", lose("layer", 1), ("digest", "layer", 1), "is not in", 2),
    ("docker", lose("config"), ("digest", "config", None), "is not in", 2),
    ("docker", configure(_HISTORY), ("history", "config", None), "describes 4 layers, not 3", 1),
    (
        "docker",
        configure(lambda c: _swap(c["rootfs"]["diff_ids"])),
        ("diff_id", "layer", 1),
        "tar of layer 2 here: one order",
        1,
    ),
    ("docker", configure(lambda c: c["rootfs"]["diff_ids"].pop()), ("config", "config", None), "2 diff_ids for 3", 1),
    ("docker", _list_twice, ("config", "config", None), "3 diff_ids for 4 layers", 1),
    ("docker", _source, ("size", "layer", 1), "is cut: 1 byte", 1),
    ("docker", describe(size=5), ("size", "manifest", None), "more than its descriptor says", 1),
    ("legacy", flip("config", old=b"amd64", new=b"arm64"), ("digest", "config", None), CHANGED, 1),
    ("legacy", flip("layer", 1), ("diff_id", "layer", 1), "its tar is not the one", 1),
    ("legacy", cut("layer", 3, rest=3_000), ("entries", "layer", 3), "cannot be listed whole", 1),
    ("legacy", configure(_HISTORY), ("history", "config", None), "describes 4 layers", 1),
    ("oci", flip("layer", 3), ("digest", "layer", 3), CHANGED, 1),
    ("oci", flip("layer", 3), ("diff_id", "layer", 3), "nobody can unpack the layer", 1),
    ("oci", cut("layer", 1, rest=-9), ("diff_id", "layer", 1), "ends early", 1),
    ("oci", flip("config", old=b"history", new=b"hisdory"), ("digest", "config", None), CHANGED, 1),
    ("oci", flip("manifest", old=b'"config"', new=b'"konfig"'), ("digest", "manifest", None), CHANGED, 1),
    ("oci", flip("manifest", old=b"}", new=b" "), ("media_type", "manifest", None), "cannot read", 1),
    ("oci", lose("manifest"), ("digest", "manifest", None), "is not in", 2),
    ("oci", lose("config"), ("digest", "config", None), "is not in", 2),
    ("oci", state(_set(2, size=7)), ("size", "layer", 2), "more than its descriptor says", 1),
    ("oci", state(lambda m: m["config"].update(size=9_999)), ("size", "config", None), "is cut", 1),
    ("oci", state(lambda m: _swap(m["layers"])), ("diff_id", "layer", 2), "tar of layer 1 here", 1),
    ("oci", state(lambda m: m["layers"].pop()), ("config", "config", None), "3 diff_ids for 2 layers", 1),
    ("oci", state(_set(1, digest="sha256:" + 64 * "0")), ("digest", "layer", 1), "is not in", 2),
    ("oci", state(_set(1, digest="blake3:00")), ("digest", "layer", 1), "is not in", 2),
    ("oci", describe(mediaType=OCI_INDEX), ("media_type", "manifest", None), "calls itself something else", 1),
    (
        "oci",
        describe(platform={"os": "linux", "architecture": "s390x"}),
        ("config", "config", None),
        "different platf",
        1,
    ),
    ("nested", flip("index", old=b"amd64", new=b"arm64"), ("digest", "index", None), CHANGED, 1),
    ("nested", flip("index", old=b'"digest"', new=b'"digesd"'), ("digest", "manifest", None), CHANGED, 1),
    ("nested", flip("layer", 2), ("digest", "layer", 2), CHANGED, 1),
    ("nested", cut("layer", 2, rest=-9), ("diff_id", "layer", 2), "ends early", 1),
    ("nested", _retype, ("media_type", "layer", 2), "says zstd, and its bytes are gzip", 1),
    ("nested", describe(size=5), ("size", "index", None), "more than its descriptor says", 1),
]


def document(outcome: Outcome) -> Any:
    """Return the document, with the status that its result has."""
    written = json.loads(outcome.out)
    assert outcome.status == ["right", "wrong", "unknown"].index(written["result"])
    return written


def found(outcome: Outcome, *results: str) -> list[tuple[str, str, int | None, str]]:
    """Return the checks that have one of the results, by default those that are not right, and their sentences."""
    return [
        (check["check"], check["subject"], check["layer"], check["text"])
        for check in document(outcome)["checks"]
        if (check["result"] in results if results else check["result"] != "right")
    ]


@pytest.mark.parametrize(("kind", "defect", "where", "text", "status"), DEFECTS)
def test_each_defect_is_found_with_its_sentence(  # noqa: PLR0917  # the columns of the table
    kind: str,
    defect: Defect,
    where: tuple[str, str, int | None],
    text: str,
    status: int,
    tmp_path: Path,
    capsys: Capture,
) -> None:
    files = IMAGES[kind]()
    defect(files)
    outcome = ask(capsys, "verify", write_tar(tmp_path / "image.tar", files), "--json")
    sentences = [said for *check, said in found(outcome, "wrong", "unknown") if tuple(check) == where]
    assert any(text in sentence for sentence in sentences), found(outcome)
    assert outcome.status == status
    assert not outcome.err


@pytest.mark.parametrize("kind", IMAGES)
@pytest.mark.parametrize("write", [write_tar, write_folder])
def test_an_image_without_defects_is_right(
    kind: str, write: Callable[[Path, Members], Path], tmp_path: Path, capsys: Capture
) -> None:
    outcome = ask(capsys, "verify", write(tmp_path / "image", IMAGES[kind]()), "--json")
    checks = document(outcome)["checks"]
    assert outcome.status == 0
    assert {check["result"] for check in checks} == {"right"}
    assert len(set(map(json.dumps, checks))) == len(checks)
    assert [check["layer"] for check in checks if check["check"] == "diff_id"] == [1, 2, 3]


@pytest.mark.parametrize(
    "sample", sorted(p for p in SAMPLES.iterdir() if p.suffix == ".tar" or p.name.endswith("zstd"))
)
def test_nothing_is_wrong_with_a_sample(sample: Path, capsys: Capture) -> None:
    assert not found(ask(capsys, "verify", sample, "--json"), "wrong", "unknown")


def test_what_some_systems_cannot_hold_is_a_note_that_changes_no_status(tmp_path: Path, capsys: Capture) -> None:
    tars = [
        layer(file("a/Makefile"), file("a/README"), file("b"), file("../up")),
        layer(file("a/makefile"), hardlink("c", "nothing"), symlink("d", ""), device("e", 1 << 13, 1), whiteout("b")),
        layer(file("B")),
    ]
    files = docker_files(image(*tars))
    outcome = ask(capsys, "verify", write_tar(tmp_path / "image.tar", files), "--json")
    assert outcome.status == 0
    refused = (
        "entries that extraction refuses: /c (the target of this hard link is not in the image), "
        "/d (it is a symlink to nothing), /e (no system has its device numbers)"
    )
    collide = "names differ only in case, and replace each other where case does not count: "
    assert found(outcome) == [
        ("entries", "layer", 1, "left out ../up: its name has .."),
        ("names", "layer", 2, f"{collide}/a/makefile and /a/Makefile"),
        ("entries", "layer", 2, refused),
    ]


def test_the_table_names_each_blob_and_says_what_is_wrong(tmp_path: Path, capsys: Capture) -> None:
    files = IMAGES["docker"]()
    cut("layer", 3)(files)
    outcome = ask(capsys, "verify", write_tar(tmp_path / "image.tar", files))
    assert outcome.status == 1
    lines = outcome.out.splitlines()
    assert [line.split()[:2] for line in lines if line.startswith("right")] == [
        ["right", "manifest"],
        ["right", "config"],
        ["right", "layer"],
        ["right", "layer"],
    ]
    assert any(line.startswith("wrong  layer 3") for line in lines)
    assert any("size: the layer is cut: 700 bytes of its end are missing" in line for line in lines)
    assert lines[-1] == "my-app:v1 (linux/amd64) is wrong: 3 things are not what its documents say."


def test_a_damaged_manifest_of_another_image_in_the_index_is_found(tmp_path: Path, capsys: Capture) -> None:
    files = oci_files(RECIPE, image(TARS[0], tags=["other:v1"], platform="linux/arm64"))
    other = blob_name(_read(files, "index.json")["manifests"][1]["digest"])
    files[other] = bytes(files[other]).replace(b"{", b"[")  # type: ignore[arg-type]  # no link
    archive = write_tar(tmp_path / "image.tar", files)
    (check,) = found(ask(capsys, "verify", archive, "--image", "my-app:v1", "--json"))
    assert check[:3] == ("digest", "manifest", None)
    del files[other]
    assert not found(ask(capsys, "verify", write_tar(archive, files), "--image", "my-app:v1", "--json"))


def test_a_truncated_archive_is_wrong_and_the_layers_behind_its_end_are_unknown(
    tmp_path: Path, capsys: Capture
) -> None:
    files = IMAGES["oci"]()
    documents = {
        name: files.pop(name) for name in [n for n in files if n not in {_blob(files, "layer", i) for i in (1, 2, 3)}]
    }
    archive = write_tar(tmp_path / "image.tar", documents | files)
    content = archive.read_bytes()
    last = list(files.values())[1]
    assert isinstance(last, bytes)
    archive.write_bytes(content[: content.index(last) + 50])
    outcome = ask(capsys, "verify", archive, "--json")
    assert outcome.status == 1
    (size,) = [text for check, _, number, text in found(outcome, "wrong") if (check, number) == ("size", 2)]
    assert "is cut" in size
    assert [(check, number) for check, _, number, _ in found(outcome, "unknown")] == [("digest", 3)]


def test_layers_of_a_registry_are_fetched_and_checked(tmp_path: Path, capsys: Capture) -> None:
    recipe = ImageRecipe(RECIPE.layers, ("v1",))
    layout = oci_layout(tmp_path / "layout", recipe)
    with registry(layout) as server:
        name = f"registry://{server.host}/my-app:v1"
        assert not found(ask(capsys, "verify", name, "--json"))
        # what an earlier run has fetched is fetched again
        assert ask(capsys, "layers", name).status == 0
        fetched = server.sent
        assert not found(ask(capsys, "verify", name, "--json"))
        assert server.sent >= fetched + sum(path.stat().st_size for path in layout.glob("blobs/sha256/*"))
    files: Members = {str(p.relative_to(layout)): p.read_bytes() for p in layout.rglob("*") if p.is_file()}
    damaged = (layout / _blob(files, "layer", 2)).read_bytes()
    config = (layout / _blob(files, "config")).read_bytes()

    def spoil(_request: Request, reply: Reply) -> Reply:
        if reply.body in (damaged, config):
            return dataclasses.replace(reply, body=reply.body.replace(reply.body[20:24], b"----"))
        return reply

    with registry(layout, on("blobs", spoil)) as server:
        outcome = ask(capsys, "verify", f"registry://{server.host}/my-app:v1", "--json")
    wrong = found(outcome, "wrong")
    assert [(check, subject, number) for check, subject, number, _ in wrong] == [
        ("digest", "config", None),
        ("digest", "layer", 2),
    ]
    assert all("differs from its digest" in text for *_, text in wrong)


def test_what_cannot_be_read_is_unknown_and_its_bytes_are_checked(tmp_path: Path, capsys: Capture) -> None:
    files = IMAGES["oci"]()
    state(_set(3, mediaType=f"{OCI_LAYER}+encrypted"))(files)
    state(_set(1, mediaType="application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"))(files)
    lose("layer", 1)(files)
    outcome = ask(capsys, "verify", write_tar(tmp_path / "image.tar", files), "--json")
    assert outcome.status == 2
    (foreign, encrypted) = found(outcome)
    assert foreign[:3] == ("digest", "layer", 1)
    assert "is a foreign layer" in foreign[3]
    assert encrypted[:3] == ("diff_id", "layer", 3)
    assert "is encrypted" in encrypted[3]


def test_an_unpacked_layer_is_put_together_again(tmp_path: Path) -> None:
    layer_folder = tmp_path / "diff"
    layer_folder.mkdir()
    (layer_folder / "os-release").write_bytes(b"ID=debian")
    tar = layer(file("os-release", b"ID=debian"))
    start = tar.index(b"ID=debian")
    records = [
        {"type": 2, "payload": b64encode(tar[:start]).decode()},
        {"type": 1, "name": "os-release", "size": 9},
        {"type": 2, "payload": b64encode(tar[start + 9 :]).decode()},
    ]
    headers = tmp_path / "tar-split.json.gz"
    headers.write_bytes(gzip.compress("".join(f"{json.dumps(record)}\n" for record in records).encode()))
    unpacked = UnpackedLayer(str(headers), str(layer_folder))
    diff_id = Digest.parse(sha256(tar))

    def checked() -> list[tuple[str, str, str]]:
        stored = Layer(1, None, Compression.NONE, diff_id, diff_id, unpacked=unpacked)
        config = ImageConfig(rootfs=RootFS(diff_ids=[diff_id]))
        of_store = Image("app", "docker", config, (stored,), ())
        opened = open_to_verify(ImageRequest(str(SAMPLES / "my-app.tar")), no_progress)
        with opened:
            opened.layers.take(of_store)
            checks = check_image(opened, no_progress).checks
        return [(check.check, check.result, check.text) for check in checks if check.layer]

    assert checked() == [("diff_id", "right", "as stated"), ("entries", "right", "1 entry can be read")]
    (layer_folder / "os-release").write_bytes(b"ID=alpine")
    assert checked()[0][:2] == ("diff_id", "wrong")
    (layer_folder / "os-release").write_bytes(b"ID=debian\n")
    assert checked() == [("diff_id", "wrong", "the engine's store has changed: nobody can unpack the layer")]


@pytest.mark.parametrize("compression", [Compression.ZSTD, Compression.GZIP])
def test_a_table_of_contents_is_compared_with_the_tar(
    compression: Compression, tmp_path: Path, capsys: Capture
) -> None:
    entries = file("etc/passwd", b"root:x:0", mtime=9), symlink("bin", "usr/bin"), whiteout("old")
    right = table_layer(compression, *entries)
    lies = table_layer(compression, *entries, change=lambda table: table["entries"][0].update(mode=0o4755))
    other = dataclasses.replace(right, annotations=lies.annotations | _position(right))
    assert not found(ask(capsys, "verify", table_layout(tmp_path / "right", right), "--json"))
    ((*where, text),) = found(ask(capsys, "verify", table_layout(tmp_path / "lies", lies), "--json"), "wrong")
    assert where == ["entries", "layer", 1]
    assert text.endswith("engines take the one or the other: /etc/passwd")
    ((*where, text),) = found(ask(capsys, "verify", table_layout(tmp_path / "other", other), "--json"), "wrong")
    assert where == ["digest", "layer", 1]
    assert "is not the one that the manifest names" in text


def _position(made: TableLayer) -> dict[str, str]:
    return {key: value for key, value in made.annotations.items() if key == POSITION}


def test_an_image_that_does_not_exist_ends_in_2_with_a_sentence(capsys: Capture) -> None:
    assert "no-such.tar" in ask(capsys, "verify", "no-such.tar").complaint
