"""The ``diff`` document, of two layers and of two images."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from layerscope.analysis.tree.change import ChangeKind
from layerscope.comparison.compare import compare_images, compare_layers
from layerscope.comparison.filtered import ALL_CHANGES, FilteredComparison
from layerscope.model.image import Compression
from layerscope.report.diff.document import write_diff_document
from layerscope.session.open import open_image
from tests.builders import docker_archive, file, image, layer, oci_archive, whiteout
from tests.report.documents import read_back
from tests.two_versions import CHANGES, STEPS, V1, V2


def of_images(tmp_path: Path, changes: frozenset[ChangeKind] = ALL_CHANGES, globs: Sequence[str] = ()) -> Any:
    """Return the document of both versions, in two forms."""
    one = oci_archive(tmp_path / "v1.tar", V1, compression=Compression.ZSTD)
    other = docker_archive(tmp_path / "v2.tar", V2)
    with open_image(str(one)) as old, open_image(str(other)) as new:
        return written(FilteredComparison(compare_images(old.load(), new.load()), changes, globs))


def written(view: FilteredComparison) -> Any:
    return read_back(write_diff_document, view)


def of_layers(path: Path, before: int, after: int, *, own: bool = False) -> Any:
    with open_image(str(path)) as session:
        return written(FilteredComparison(compare_layers(session.load(), before, after, own=own)))


def test_each_change_has_its_aspects_and_size_delta(tmp_path: Path) -> None:
    found = of_images(tmp_path)
    rows = {row["path"]: (row["change"], row["what"], row["size_delta"]) for row in found["changes"]}
    assert rows == CHANGES
    assert [row["path"] for row in found["changes"]] == sorted(CHANGES)
    assert found["summary"] == {"added": 3, "modified": 8, "removed": 2, "size_delta": 1}
    assert found["schema_version"] == 2
    assert found["unread"] == []


def test_a_change_has_the_entry_before_and_after(tmp_path: Path) -> None:
    rows = {row["path"]: row for row in of_images(tmp_path)["changes"]}
    entry = {"kind": "file", "size": 1, "mode": "0644", "uid": 0, "gid": 0, "mtime": 0, "link": None, "layer": 4}
    assert rows["/srv/mode"]["before"] == entry
    assert rows["/srv/mode"]["after"] == entry | {"mode": "0600"}
    assert rows["/srv/new"]["before"] is None
    assert rows["/srv/gone"]["after"] is None
    assert rows["/srv/twin"]["before"]["link"] == "/srv/index.html"
    assert rows["/srv/way"]["after"]["link"] == "there"


def test_a_parent_without_an_entry_has_no_time(tmp_path: Path) -> None:
    archive = docker_archive(tmp_path / "app.tar", image(layer(), layer(file("d/f"))))
    rows = {row["path"]: row for row in of_layers(archive, 1, 2)["changes"]}
    assert (rows["/d"]["after"]["mtime"], rows["/d/f"]["after"]["mtime"]) == (None, 0)


def test_two_images_have_their_layers_aligned(tmp_path: Path) -> None:
    found = of_images(tmp_path)
    assert [(row["old"], row["new"], row["relation"], row["same_content"]) for row in found["layers"]] == [
        (1, 1, "same", True),
        (2, 2, "same", True),
        (3, 3, "changed", True),
        (4, 4, "changed", False),
    ]
    assert [row["instruction"] for row in found["layers"]] == STEPS


def test_moves_config_and_packages_have_fields_of_their_own(tmp_path: Path) -> None:
    found = of_images(tmp_path)
    assert found["moves"] == [{"from": "/srv/here", "to": "/srv/deep/there"}]
    assert found["config"] == [
        {"field": "cmd", "name": None, "before": ["run", "1"], "after": ["run", "2"]},
        {"field": "env", "name": "VERSION", "before": "1", "after": "2"},
    ]
    assert found["packages"] == [
        {"manager": "dpkg", "name": "app", "change": "modified", "before": ["1"], "after": ["2"], "layer": 4}
    ]


def test_the_sides_name_image_and_layer(tmp_path: Path) -> None:
    found = of_images(tmp_path)
    assert [(found[side]["tags"], found[side]["layer"]) for side in ("from", "to")] == [
        (["app:v1"], 4),
        (["app:v2"], 4),
    ]
    layers = of_layers(docker_archive(tmp_path / "one.tar", V1), 1, 4)
    assert [(layers[side]["layer"], layers[side]["instruction"]) for side in ("from", "to")] == [
        (1, STEPS[0]),
        (4, STEPS[3]),
    ]
    assert "layers" not in layers


def test_the_summary_counts_selected_rows_only(tmp_path: Path) -> None:
    found = of_images(tmp_path, frozenset({ChangeKind.REMOVED}))
    assert [row["path"] for row in found["changes"]] == ["/srv/gone", "/srv/here"]
    assert found["summary"] == {"added": 0, "modified": 0, "removed": 2, "size_delta": -21}
    assert found["moves"] == [{"from": "/srv/here", "to": "/srv/deep/there"}]


def test_a_glob_that_matches_a_folder_selects_everything_below(tmp_path: Path) -> None:
    def paths(*globs: str) -> list[str]:
        return [row["path"] for row in of_images(tmp_path, globs=globs)["changes"]]

    assert paths("/srv/deep") == paths("deep") == ["/srv/deep", "/srv/deep/there"]
    assert paths("*.html", "/var/**") == ["/srv/index.html", "/var/lib/dpkg/status"]
    assert paths("/") == sorted(CHANGES)
    assert paths("/nowhere") == []


def test_two_layers_in_any_order_and_from_nothing(tmp_path: Path) -> None:
    path = docker_archive(
        tmp_path / "image.tar", image(layer(file("a", b"1"), file("b")), layer(whiteout("b"), file("a", b"22")))
    )

    def rows(before: int, after: int, *, own: bool = False) -> list[tuple[str, str, int]]:
        changes = of_layers(path, before, after, own=own)["changes"]
        return [(row["path"], row["change"], row["size_delta"]) for row in changes]

    assert rows(1, 2) == [("/a", "modified", 1), ("/b", "removed", 0)]
    assert rows(2, 1) == [("/a", "modified", -1), ("/b", "added", 0)]
    assert rows(0, 2) == [("/a", "added", 2)]
    assert rows(2, 2) == []
    assert rows(1, 2, own=True) == [("/a", "modified", 1), ("/b", "removed", 0)]


def test_paths_are_sorted_as_they_are_written_and_are_never_changed(tmp_path: Path) -> None:
    names = ["a/c", "a-b", "a", "\udcff", "\x1b[31m"]
    path = docker_archive(tmp_path / "image.tar", image(layer(*(file(name, b"x") for name in names if name != "a"))))
    found = [row["path"] for row in of_layers(path, 0, 1)["changes"]]
    assert found == sorted(f"/{name}" for name in names)


def test_the_pull_size_is_that_of_the_layers_that_only_the_new_image_has(tmp_path: Path) -> None:
    base, old, new = (layer(file(name, name.encode() * 500)) for name in ("base", "old", "new"))
    v1, v2 = image(base, old), image(base, new)
    path = oci_archive(tmp_path / "v2.tar", v2)
    with open_image(str(oci_archive(tmp_path / "v1.tar", v1))) as before, open_image(str(path)) as after:
        document = written(FilteredComparison(compare_images(before.load(), after.load())))
        assert document["pull_size"] == after.image.layers[1].blob_size
        same = written(FilteredComparison(compare_images(after.load(), after.load())))
        assert same["pull_size"] == 0
    with open_image(str(tmp_path / "v1.tar")) as before, open_image(str(docker_archive(tmp_path / "p", v2))) as plain:
        document = written(FilteredComparison(compare_images(before.load(), plain.load())))
        assert document["pull_size"] is None
