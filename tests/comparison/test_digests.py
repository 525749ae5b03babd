"""Tests of each cause of different digests, in images that have no other difference."""

import gzip
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from layerscope.analysis.comparison.digest_causes import Causes, DigestReport
from layerscope.analysis.comparison.digest_comparison import compare_entries
from layerscope.comparison.compare import compare_images, compare_layers
from layerscope.comparison.digests import digest_report
from layerscope.errors import InvalidLayer
from layerscope.model.image import Compression
from layerscope.session.open import open_image
from layerscope.sources.tar.raw_entries import raw_entries
from tests.builders import (
    OCI_CONFIG,
    OCI_LAYER,
    ImageRecipe,
    Members,
    OciStore,
    blob_name,
    device,
    directory,
    docker_archive,
    docker_files,
    file,
    image,
    layer,
    oci_archive,
    sha256,
    symlink,
    whiteout,
    write_tar,
)
from tests.tars import Dialect, Sparse, SparseStyle, TarEntry, pax

ETC = directory("etc")
HOSTS = file("etc/hosts", b"127.0.0.1", mtime=1)
LINK = symlink("bin", "usr/bin")
NULL = device("dev/null", 1, 3)
LONG = file(f"{'long/' * 30}name", b"text")
PLAIN = (ETC, HOSTS, LINK, NULL, LONG, whiteout("etc/passwd"))


def causes_of(old: bytes, new: bytes) -> dict[tuple[str, str], tuple[int, tuple[str, ...]]]:
    causes = Causes((1, 1))
    compare_entries(raw_entries([old]), raw_entries(chunked(new)), causes)
    return {(cause.part, cause.what): (cause.entries, cause.examples) for cause in causes}


def chunked(tar: bytes) -> list[bytes]:
    return [tar[start : start + 700] for start in range(0, len(tar), 700)]


def changed(entry: TarEntry, **facts: object) -> bytes:
    return layer(*(replace(each, **facts) if each is entry else each for each in PLAIN))  # type: ignore[arg-type]


HOSTS_ONLY = (1, ("/etc/hosts",))
OTHERS: Mapping[tuple[str, str], bytes] = {
    ("headers", "mtime"): changed(HOSTS, mtime=2),
    ("headers", "atime"): changed(HOSTS, records={b"atime": b"2"}),
    ("headers", "ctime"): changed(HOSTS, records={b"ctime": b"2.5"}),
    ("headers", "pax"): changed(HOSTS, records={b"comment": b"kept"}),
    ("headers", "owner-names"): changed(HOSTS, records={b"uname": b"root"}),
    ("headers", "devices"): changed(HOSTS, raw={"devices": b"0000000\0" * 2}),
    ("headers", "format"): changed(HOSTS, dialect=Dialect.GNU),
    ("content", "content"): changed(HOSTS, content=b"127.0.0.2"),
    ("content", "mode"): changed(HOSTS, mode=0o600),
    ("content", "owner"): changed(HOSTS, uid=1000),
    ("content", "xattrs"): changed(HOSTS, records={b"SCHILY.xattr.user.note": b"kept"}),
}


@pytest.mark.parametrize("cause", OTHERS, ids=" ".join)
def test_each_cause_in_an_entry_is_found_and_no_other(cause: tuple[str, str]) -> None:
    assert causes_of(layer(*PLAIN), OTHERS[cause]) == {cause: HOSTS_ONLY}


def test_equal_tars_have_no_causes() -> None:
    assert causes_of(layer(*PLAIN), layer(*PLAIN)) == {}


@pytest.mark.parametrize(
    ("other", "causes"),
    [
        (changed(LINK, link=b"usr/sbin"), {("content", "link"): (1, ("/bin",))}),
        (changed(NULL, device=(1, 5)), {("content", "device"): (1, ("/dev/null",))}),
        (changed(HOSTS, name=b"./etc/hosts"), {("headers", "format"): HOSTS_ONLY}),
        (changed(HOSTS, raw={"mode": b"000644 \0"}), {("headers", "format"): HOSTS_ONLY}),
        (changed(HOSTS, raw={"mode": b"0100644\0"}), {("headers", "format"): HOSTS_ONLY}),
        (changed(HOSTS, raw={"link": b"\0left"}), {("headers", "format"): HOSTS_ONLY}),
        (layer(*PLAIN) + bytes(512), {("headers", "padding"): (1, ())}),
        (layer(*PLAIN[:1], *PLAIN[2:]), {("content", "only-old"): HOSTS_ONLY}),
        (layer(*PLAIN, file("new")), {("content", "only-new"): (1, ("/new",))}),
    ],
    ids=["link", "device", "dot", "form of a number", "file type in the mode", "unused bytes", "end", "gone", "new"],
)
def test_any_byte_that_differs_has_a_cause(other: bytes, causes: object) -> None:
    assert causes_of(layer(*PLAIN), other) == causes


@pytest.mark.parametrize("moved", [0, 1, 3])
def test_an_entry_at_another_place_is_the_only_one_out_of_order(moved: int) -> None:
    rest = [*PLAIN[:moved], *PLAIN[moved + 1 :]]
    ((part, what), (count, examples)) = next(iter(causes_of(layer(*PLAIN), layer(*rest, PLAIN[moved])).items()))
    assert (part, what, count) == ("order", "order", 1)
    assert examples == ("/" + PLAIN[moved].name.decode().rstrip("/"),)


def test_entries_that_only_one_layer_has_put_no_other_out_of_order() -> None:
    more = [file(f"more/{number}") for number in range(20)]
    many = [file(f"many/{number}", mtime=number) for number in range(50)]
    found = causes_of(layer(*more, *many), layer(*many[:25], *more[:5], *many[25:], file("last")))
    assert found[("order", "order")][0] == 5
    assert found[("content", "only-old")][0] == 15
    assert found[("content", "only-new")][0] == 1
    assert set(found) - {("headers", "padding")} == {
        ("order", "order"), ("content", "only-old"), ("content", "only-new"),
    }  # fmt: skip


def test_a_reversed_layer_differs_in_order_and_in_what_its_entries_differ_in() -> None:
    new = [replace(entry, mtime=9) for entry in reversed(PLAIN)]
    found = causes_of(layer(*PLAIN), layer(*new))
    assert found.pop(("order", "order"))[0] == len(PLAIN) - 1
    assert found.keys() == {("headers", "mtime")}
    assert found["headers", "mtime"][0] == len(PLAIN)


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("var/log/apt/history.log", "package-logs"),
        ("var/log/dpkg.log", "package-logs"),
        ("var/cache/ldconfig/aux-cache", "ldconfig-cache"),
        ("usr/lib/python3/__pycache__/abc.cpython-311.pyc", "python-bytecode"),
        ("var/lib/dpkg/status-old", "dpkg-backups"),
        ("etc/machine-id", "machine-id"),
        ("app/var/log/dpkg.log", "content"),
    ],
)
def test_a_file_that_differs_from_build_to_build_says_what_writes_it(path: str, what: str) -> None:
    found = causes_of(layer(file(path, b"one")), layer(file(path, b"two")))
    assert found == {("content", what): (1, (f"/{path}",))}


def report(tmp_path: Path, old: Members, new: Members) -> DigestReport:
    paths = write_tar(tmp_path / "old.tar", old), write_tar(tmp_path / "new.tar", new)
    with open_image(str(paths[0])) as one, open_image(str(paths[1])) as other:
        return digest_report(compare_images(one.load(), other.load()))


def kinds(found: DigestReport) -> list[tuple[str, object, str, int]]:
    return [(cause.part, cause.layer, cause.what, cause.entries) for cause in found.causes]


BASE = layer(file("base"))


def rebuilt(mtime: int, **facts: Any) -> ImageRecipe:
    created = f"2026-11-2{mtime}T21:19:00Z"
    return image(BASE, layer(file("app", b"text", mtime=mtime)), created=created, **facts)


def test_a_rebuilt_image_differs_only_by_times(tmp_path: Path) -> None:
    found = report(tmp_path, docker_files(rebuilt(1)), docker_files(rebuilt(2)))
    assert kinds(found) == [("headers", (2, 2), "mtime", 1), ("config", None, "created", 3)]
    assert (found.result, found.is_time_only) == ("explained", True)
    assert found.causes[1].examples == ("created", "history.0.created", "history.1.created")


def test_the_same_image_has_the_same_digests(tmp_path: Path) -> None:
    found = report(tmp_path, docker_files(rebuilt(1)), docker_files(rebuilt(1)))
    assert (found.result, found.causes, found.is_time_only) == ("same", (), True)


@pytest.mark.parametrize(
    ("facts", "what", "result", "is_time_only"),
    [
        ({"Labels": {"version": "2"}}, "labels", "different", False),
        ({"Env": ["A=1"]}, "env", "different", False),
        ({"Labels": {"org.opencontainers.image.created": "2026-11-23"}}, "created", "explained", True),
        ({"Hostname": "6a1c"}, "builder", "explained", False),
        ({"StopSignal": "9"}, "stop-signal", "different", False),
    ],
)
def test_a_setting_that_differs_is_told_from_notes_of_the_build(
    tmp_path: Path, facts: dict[str, object], what: str, result: str, is_time_only: bool
) -> None:
    found = report(tmp_path, docker_files(rebuilt(1)), docker_files(rebuilt(1, config=facts)))
    assert kinds(found) == [("config", None, what, 1)]
    assert (found.result, found.is_time_only) == (result, is_time_only)


def test_a_config_written_in_another_form_is_said_to_be_so(tmp_path: Path) -> None:
    files = [docker_files(rebuilt(1)), docker_files(rebuilt(1))]
    store = [OciStore(), OciStore()]
    configs = rebuilt(1).config_json, rebuilt(1).config_json.replace(b'": ', b'":')
    for number, config in enumerate(configs):
        blobs = [store[number].add(tar, OCI_LAYER) for tar in rebuilt(1).layers]
        files[number] = store[number].files([store[number].manifest(store[number].add(config, OCI_CONFIG), blobs)])
    assert kinds(report(tmp_path, *files)) == [("config", None, "format", 1)]


BLOB = gzip.compress(BASE, 9, mtime=0)


def with_blobs(blobs: list[bytes], **annotations: str) -> Members:
    """Return an image of one layer, stored as these blobs."""
    store = OciStore()
    descriptors = [store.add(blob, f"{OCI_LAYER}+gzip") for blob in blobs]
    config = store.add(image(BASE).config_json, OCI_CONFIG)
    return store.files([store.manifest(config, descriptors, manifest_annotations=annotations)])


@pytest.mark.parametrize(
    ("blob", "what"),
    [
        (BLOB[:4] + b"time" + BLOB[8:], "mtime"),
        (BLOB[:8] + b"\x04" + BLOB[9:], "level"),
        (BLOB[:9] + b"\x07" + BLOB[10:], "gzip-header"),
        (gzip.compress(BASE[:512], 9, mtime=0) + gzip.compress(BASE[512:], 9, mtime=0), "level"),
    ],
    ids=["time", "level", "system", "two members"],
)
def test_blobs_of_one_tar_differ_in_their_compression(tmp_path: Path, blob: bytes, what: str) -> None:
    assert kinds(report(tmp_path, with_blobs([BLOB]), with_blobs([blob]))) == [("compression", (1, 1), what, 1)]


def test_annotations_of_the_manifest_are_a_cause(tmp_path: Path) -> None:
    blob = [gzip.compress(BASE, mtime=0)]
    found = report(tmp_path, with_blobs(blob, vendor="one"), with_blobs(blob, vendor="two"))
    assert kinds(found) == [("manifest", None, "annotations", 1)]


def test_another_form_of_the_same_image_differs_in_compression_and_media_types(tmp_path: Path) -> None:
    old, new = tmp_path / "old.tar", tmp_path / "new.tar"
    oci_archive(old, rebuilt(1), compression=Compression.ZSTD)
    oci_archive(new, rebuilt(1))
    with open_image(str(old)) as one, open_image(str(new)) as other:
        found = digest_report(compare_images(one.load(), other.load()))
    assert kinds(found) == [
        ("compression", (1, 1), "kind", 1),
        ("compression", (2, 2), "kind", 1),
        ("manifest", None, "media-types", 2),
    ]


def test_a_layer_that_only_one_image_has_makes_them_different(tmp_path: Path) -> None:
    steps = [{"created_by": "FROM base"}, {"created_by": "RUN one"}]
    old, new = image(BASE, history=steps[:1]), image(BASE, layer(file("more")), history=steps)
    found = report(tmp_path, docker_files(old), docker_files(new))
    assert ("content", (None, 2), "only-new", 1) in kinds(found)
    assert found.result == "different"


def test_two_layers_of_one_image_are_compared_as_well(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "image.tar", image(BASE, layer(file("app", mtime=1)), layer(file("app", mtime=2))))
    with open_image(str(path)) as session:
        assert kinds(digest_report(compare_layers(session.load(), 2, 3))) == [("headers", (2, 3), "mtime", 1)]
        assert digest_report(compare_layers(session.load(), 2, 2)).result == "same"


def test_a_layer_that_is_not_there_cannot_be_explained(tmp_path: Path) -> None:
    old, new = docker_files(rebuilt(1)), docker_files(rebuilt(2))
    del new[blob_name(sha256(rebuilt(2).layers[1]))]
    found = report(tmp_path, old, new)
    assert ("content", (2, 2), "unreadable", 1) in kinds(found)
    assert found.result == "different"


def test_tars_that_are_equal_under_two_diff_ids_have_a_wrong_one(tmp_path: Path) -> None:
    old, new = docker_files(rebuilt(1)), docker_files(rebuilt(2))
    new[blob_name(sha256(rebuilt(2).layers[1]))] = rebuilt(1).layers[1]
    assert kinds(report(tmp_path, old, new))[0] == ("content", (2, 2), "digest", 1)


def test_extended_headers_without_end_are_refused() -> None:
    records = pax((b"comment", b"x" * 1_000_000))
    with pytest.raises(InvalidLayer, match="extended headers"):
        list(raw_entries(records for _ in range(100)))


@pytest.mark.parametrize("style", [SparseStyle.OLD_GNU, SparseStyle.PAX_0_1, SparseStyle.PAX_1_0])
@pytest.mark.parametrize("count", [3, 30])
def test_the_holes_of_a_sparse_file_are_content(style: SparseStyle, count: int) -> None:
    pieces = [tuple((start * 1024 + shift, 512) for start in range(count)) for shift in (0, 512)]
    content = b"x" * 512 * count
    old, new = (layer(file("holes", content, sparse=Sparse(style, 40_000, each)), ETC) for each in pieces)
    assert causes_of(old, old) == {}
    assert causes_of(old, new) == {("content", "content"): (1, ("/holes",))}
