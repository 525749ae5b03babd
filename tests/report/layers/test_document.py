"""The ``layers`` document, field by field."""

from pathlib import Path
from typing import Any

import pytest

from layerscope.model.image import Compression
from layerscope.report.layers import write_layers_document
from layerscope.session.open import open_image
from tests.builders import (
    blob_name,
    directory,
    docker_archive,
    docker_files,
    file,
    image,
    layer,
    oci_archive,
    sha256,
    whiteout,
    write_tar,
)
from tests.report.documents import read_back

BASE = layer(directory("etc"), file("etc/motd", b"welcome"), file("etc/hosts", b"localhost"))
TOP = layer(file("etc/motd", b"hello"), whiteout("etc/hosts"), file("new", b"1"))
HISTORY = [
    {"created": "2026-11-23T21:19:00.5+01:00", "created_by": "/bin/sh -c #(nop) ADD file:abc in / "},
    {"created": "2026-11-23T21:20:00Z", "created_by": "ENV LANG=C", "empty_layer": True},
    {"created_by": "RUN /bin/sh -c make # buildkit"},
]
CONFIG: dict[str, Any] = {
    "User": "33:33",
    "Env": ["LANG=C"],
    "Cmd": ["nginx", "-g"],
    "Entrypoint": None,
    "WorkingDir": "/srv",
    "Labels": {"title": "é\u202e"},
    "ExposedPorts": {"80/tcp": {}, "443/tcp": {}},
    "Volumes": {"/data": {}},
}


def document(path: Path) -> Any:
    with open_image(str(path)) as session:
        return read_back(write_layers_document, session.image, session.tallies)


def test_a_small_image_in_full(tmp_path: Path) -> None:
    recipe = image(BASE, TOP, tags=["my-app:v1", "my-app:latest"], history=HISTORY, config=CONFIG)
    path = docker_archive(tmp_path / "my-app.tar", recipe)
    found = document(path)
    # The digest of the manifest depends on the builder of the test image.
    digest = found["image"]["digest"]
    expected: dict[str, Any] = {
        "schema_version": 2,
        "image": {
            "reference": str(path),
            "source": "docker-archive",
            "tags": ["my-app:v1", "my-app:latest"],
            "platform": "linux/amd64",
            "digest": digest,
            "config_digest": sha256(recipe.config_json),
            "created": "2026-11-23T21:19:00Z",
            "content_size": 22,
            "blob_size": len(BASE) + len(TOP),
            "config": {
                "env": ["LANG=C"],
                "cmd": ["nginx", "-g"],
                "entrypoint": None,
                "user": "33:33",
                "workdir": "/srv",
                "labels": {"title": "é\u202e"},
                "ports": ["80/tcp", "443/tcp"],
                "volumes": ["/data"],
            },
            "warnings": [],
        },
        "layers": [
            {
                "layer": 1,
                "digest": sha256(BASE),
                "diff_id": sha256(BASE),
                "media_type": "application/vnd.oci.image.layer.v1.tar",
                "compression": "none",
                "blob_size": len(BASE),
                "content_size": 16,
                "instruction": "ADD file:abc in /",
                "created_by": "/bin/sh -c #(nop) ADD file:abc in / ",
                "created": "2026-11-23T21:19:00.5+01:00",
                "entries": 3,
                "added": 3,
                "modified": 0,
                "removed": 0,
                "dead_size": 16,
                "error": None,
                "rests_on_incomplete": False,
                "writable": False,
                "listed_from": "layer",
                "warnings": [],
            },
            {
                "layer": 2,
                "digest": sha256(TOP),
                "diff_id": sha256(TOP),
                "media_type": "application/vnd.oci.image.layer.v1.tar",
                "compression": "none",
                "blob_size": len(TOP),
                "content_size": 6,
                "instruction": "RUN make",
                "created_by": "RUN /bin/sh -c make # buildkit",
                "created": None,
                "entries": 2,
                "added": 1,
                "modified": 1,
                "removed": 1,
                "dead_size": 0,
                "error": None,
                "rests_on_incomplete": False,
                "writable": False,
                "listed_from": "layer",
                "warnings": [],
            },
        ],
        "steps": [
            {
                "instruction": "ADD file:abc in /",
                "created_by": "/bin/sh -c #(nop) ADD file:abc in / ",
                "created": "2026-11-23T21:19:00.5+01:00",
                "layer": 1,
            },
            {
                "instruction": "ENV LANG=C",
                "created_by": "ENV LANG=C",
                "created": "2026-11-23T21:20:00Z",
                "layer": None,
            },
            {"instruction": "RUN make", "created_by": "RUN /bin/sh -c make # buildkit", "created": None, "layer": 2},
        ],
        "storage": None,
        "container": None,
        "mounts": [],
    }
    assert found == expected


def test_unstated_fields_are_null(tmp_path: Path) -> None:
    found = document(docker_archive(tmp_path / "image.tar", image(BASE, history=[])))
    assert set(found["image"]["config"].values()) == {None}
    assert found["image"]["tags"] == []
    assert found["layers"][0]["instruction"] is None
    assert found["layers"][0]["created_by"] is None
    assert found["steps"] == [{"instruction": None, "created_by": None, "created": None, "layer": 1}]


def test_an_image_without_layers_has_sizes_of_nothing(tmp_path: Path) -> None:
    found = document(docker_archive(tmp_path / "image.tar", image()))
    assert found["layers"] == []
    assert found["image"]["content_size"] == found["image"]["blob_size"] == 0


@pytest.mark.parametrize("compression", list(Compression))
def test_blob_size_is_what_is_stored_and_content_size_what_is_in_it(tmp_path: Path, compression: Compression) -> None:
    found = document(oci_archive(tmp_path / "image.tar", image(BASE, TOP), compression=compression))
    plain = compression is Compression.NONE
    for part, tar in zip(found["layers"], (BASE, TOP), strict=True):
        assert part["compression"] == compression.value
        assert part["blob_size"] is not None
        assert (part["blob_size"] == len(tar)) is plain
        assert part["diff_id"] == sha256(tar)
        assert (part["digest"] == part["diff_id"]) is plain
    assert [part["content_size"] for part in found["layers"]] == [16, 6]
    assert found["image"]["content_size"] == 22


def test_a_missing_layer_has_its_error_and_the_others_their_figures(tmp_path: Path) -> None:
    files = docker_files(image(BASE, TOP, layer(file("last", b"last"))))
    del files[blob_name(sha256(TOP))]
    found = document(write_tar(tmp_path / "image.tar", files))
    first, missing, last = found["layers"]
    assert first["content_size"] == 16
    assert first["error"] is None
    assert first["rests_on_incomplete"] is False
    assert missing["error"] == f"the blob {sha256(TOP)} is not in {tmp_path / 'image.tar'}"
    unknown = ("blob_size", "content_size", "compression", "entries", "added", "modified", "removed", "dead_size")
    assert [missing[name] for name in unknown] == [None] * len(unknown)
    assert missing["instruction"] == "COPY layer-2 /"
    assert (last["added"], last["content_size"], last["error"], last["rests_on_incomplete"]) == (1, 4, None, True)
    assert found["image"]["content_size"] is None
    assert found["image"]["blob_size"] is None
    assert [part["dead_size"] for part in found["layers"]] == [None, None, None]


def test_a_broken_layer_counts_the_entries_that_were_read(tmp_path: Path) -> None:
    cut = TOP[: TOP.index(b"new")]
    files = docker_files(image(BASE, TOP))
    files[blob_name(sha256(TOP))] = cut + b"\xff" * 1024
    found = document(write_tar(tmp_path / "image.tar", files))
    broken = found["layers"][1]
    assert broken["error"]
    assert (broken["entries"], broken["modified"], broken["removed"]) == (1, 1, 1)
    assert broken["content_size"] is None
    assert broken["blob_size"] == len(cut) + 1024


def test_disagreements_between_documents_are_warnings(tmp_path: Path) -> None:
    found = document(docker_archive(tmp_path / "image.tar", image(BASE, history=[{"created_by": "a"}] * 2)))
    assert found["image"]["warnings"] == ["the history describes 2 layers and the manifest lists 1"]


def test_entries_left_out_of_a_layer_are_warnings(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "image.tar", image(layer(file("../../evil", b"x"), file("good", b"x"))))
    part = document(path)["layers"][0]
    assert part["entries"] == 1
    assert part["warnings"] == ["left out ../../evil: its name has .."]
    assert part["error"] is None
