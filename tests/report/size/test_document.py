"""The ``why`` document, field by field."""

from pathlib import Path
from typing import Any

import pytest

from layerscope.analysis.size.base_image import BaseImage
from layerscope.report.why import write_why_document
from layerscope.session.open import open_image
from layerscope.session.size.analysis import SizeAnalysis
from tests.builders import blob_name as blob
from tests.builders import docker_archive, docker_files, file, image, layer, sha256, write_tar
from tests.heavy import CLEAN, HEAVY, KEY, MODEL
from tests.report.documents import read_back

ADD = "ADD rootfs.tar /"
COPY = "RUN chown 33 /srv/model.bin && cp /srv/model.bin /srv/copy.bin"
REMOVE = "RUN rm -rf /var/cache/apt /root/.ssh/id_rsa"


def document_of(path: Path, base: BaseImage | None = None) -> Any:
    with open_image(str(path)) as session:
        return read_back(write_why_document, SizeAnalysis(session.load(), base))


@pytest.fixture(scope="module")
def heavy(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return document_of(docker_archive(tmp_path_factory.mktemp("why") / "heavy.tar", HEAVY))


def test_the_sums_are_exact(heavy: Any) -> None:
    assert heavy["schema_version"] == 2
    assert heavy["total_size"] == 18_165
    assert heavy["blob_size"] == sum(map(len, HEAVY.layers))
    assert heavy["efficiency"] == 1 - 8_035 / 18_165
    assert heavy["dead"]["total"] == 8_035
    assert heavy["dead"]["by_reason"] == {"metadata-only": 5_000, "deleted": 3_015, "overwritten": 20}


def test_the_verdict_is_one_sentence(heavy: Any) -> None:
    assert heavy["verdict"].endswith(".")
    assert "\n" not in heavy["verdict"]
    assert "56 %" in heavy["verdict"]


def test_layers_are_sorted_by_size(heavy: Any) -> None:
    assert [(part["layer"], part["instruction"]) for part in heavy["layers"]] == [(2, COPY), (1, ADD), (3, REMOVE)]
    assert [part["content_size"] for part in heavy["layers"]] == [10_100, 8_035, 30]
    assert [part["dead_size"] for part in heavy["layers"]] == [0, 8_035, 0]
    assert [part["hides_size"] for part in heavy["layers"]] == [5_000, 0, 3_035]
    assert [part["share"] for part in heavy["layers"]] == [size / 18_165 for size in (10_100, 8_035, 30)]
    assert [part["blob_size"] for part in heavy["layers"]] == [len(HEAVY.layers[place]) for place in (1, 0, 2)]


def test_the_largest_files_are_those_of_the_final_image(heavy: Any) -> None:
    assert heavy["largest"] == [
        {"path": "/srv/copy.bin", "size": 5_000, "layer": 2},
        {"path": "/srv/model.bin", "size": 5_000, "layer": 2},
        {"path": "/usr/bin/su", "size": 100, "layer": 2},
        {"path": "/etc/passwd", "size": 30, "layer": 3},
    ]


def test_the_largest_written_files_are_those_of_all_layers(heavy: Any) -> None:
    hiding_layers = [(part["path"], part["layer"], part["hidden_by"]) for part in heavy["largest_written"][:4]]
    assert hiding_layers == [
        ("/srv/copy.bin", 2, None),
        ("/srv/model.bin", 1, 2),
        ("/srv/model.bin", 2, None),
        ("/var/cache/apt/pkgcache.bin", 1, 3),
    ]


def test_each_dead_file_has_its_writer_the_layer_that_hid_it_and_a_reason_sorted_by_path(heavy: Any) -> None:
    assert heavy["dead"]["entries"] == [
        {"path": "/etc/passwd", "size": 20, "writer": 1, "hidden_by": 3, "reason": "overwritten"},
        {"path": "/root/.ssh/id_rsa", "size": len(KEY), "writer": 1, "hidden_by": 3, "reason": "deleted"},
        {"path": "/srv/model.bin", "size": len(MODEL), "writer": 1, "hidden_by": 2, "reason": "metadata-only"},
        {"path": "/var/cache/apt/pkgcache.bin", "size": 3_000, "writer": 1, "hidden_by": 3, "reason": "deleted"},
    ]


def test_blob_sizes_of_dead_bytes_are_named_estimates(heavy: Any) -> None:
    assert heavy["dead"]["blob_size_estimate"] == len(HEAVY.layers[0]) * 8_035 // 8_035


def test_duplicates_have_paths_layers_and_savings(heavy: Any) -> None:
    paths = ["/srv/copy.bin", "/srv/model.bin"]
    assert heavy["duplicates"] == [{"size": 5_000, "paths": paths, "layers": [2, 2], "saves": 5_000}]
    assert heavy["duplicates_complete"] is True


def test_advice_names_both_instructions_and_the_paths(heavy: Any) -> None:
    (copied,) = [part for part in heavy["advice"] if part["kind"] == "metadata-copy"]
    assert (copied["layer"], copied["instruction"], copied["saves"]) == (1, ADD, 5_000)
    assert (copied["hidden_by"], copied["hidden_by_instruction"]) == (2, COPY)
    assert copied["paths"] == ["/srv/model.bin"]
    assert copied["text"]


def test_secrets_are_listed_apart_from_advice(heavy: Any) -> None:
    assert heavy["secrets"] == [{"path": "/root/.ssh/id_rsa", "kind": "ssh-key", "layer": 1, "removed_in": 3}]
    assert not any(part["kind"] == "secret" for part in heavy["advice"])


def test_the_size_after_all_advice_is_the_total_without_its_savings(heavy: Any) -> None:
    assert heavy["size_after_advice"] == 18_165 - sum(part["saves"] for part in heavy["advice"])


def test_types_and_folders_cover_the_final_image(heavy: Any) -> None:
    assert sum(part["size"] for part in heavy["by_type"]) == 18_165 - 8_035
    folders = {part["path"]: (part["size"], part["dead_size"]) for part in heavy["directories"]}
    assert list(folders) == sorted(folders)
    assert folders["/srv"] == (10_000, 5_000)
    assert folders["/var/cache/apt"] == (0, 3_000)
    assert heavy["by_package"] == []
    assert heavy["unowned_size"] == 18_165 - 8_035


def test_a_known_base_image_has_its_sizes(tmp_path: Path, heavy: Any) -> None:
    assert heavy["base"] is None
    document = document_of(docker_archive(tmp_path / "heavy.tar", HEAVY), BaseImage("debian:13", layers=1))
    assert document["base"] == {
        "name": "debian:13",
        "digest": None,
        "layers": 1,
        "content_size": 8_035,
        "blob_size": len(HEAVY.layers[0]),
    }


def test_a_base_of_unknown_layers_has_unknown_sizes(tmp_path: Path) -> None:
    labels = {"Labels": {"org.opencontainers.image.base.name": "debian:13"}}
    document = document_of(docker_archive(tmp_path / "a.tar", image(layer(file("a", b"1")), config=labels)))
    assert document["base"] is not None
    base = document["base"]
    assert (base["name"], base["layers"], base["content_size"]) == ("debian:13", None, None)


def test_a_clean_image_has_no_advice(tmp_path: Path) -> None:
    document = document_of(docker_archive(tmp_path / "clean.tar", CLEAN))
    assert (document["efficiency"], document["dead"]["total"], document["dead"]["by_reason"]) == (1, 0, {})
    assert (document["advice"], document["duplicates"], document["unknowns"]) == ([], [], [])


def test_a_layer_that_is_missing_leaves_its_sums_unknown(tmp_path: Path) -> None:
    files = docker_files(HEAVY)
    del files[blob(sha256(HEAVY.layers[1]))]
    document = document_of(write_tar(tmp_path / "broken.tar", files))
    assert (document["total_size"], document["efficiency"], document["dead"]["total"]) == (None, None, None)
    assert document["dead"]["by_reason"] is None
    assert [part["content_size"] for part in document["layers"]] == [8_035, 30, None]
    assert any("layer 2" in sentence for sentence in document["unknowns"])
