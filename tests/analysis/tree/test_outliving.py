"""Hard links that outlive the path that they name."""

from pathlib import Path

import pytest

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.comparison.compare import compare_images, compare_layers
from layerscope.session.open import open_image
from tests.builders import Entry, docker_archive, file, hardlink, image, layer, whiteout

BYTES = b"x" * 100
BASE = [file("a/file", BYTES), hardlink("b/link", "a/file"), hardlink("c/link", "a/file")]
STEPS = [BASE, [whiteout("a/file")], [whiteout("b/link")], [whiteout("c")], [file("b/link", b"new")]]


def archive(folder: Path, *layers: list[Entry], name: str = "image.tar") -> str:
    return str(docker_archive(folder / name, image(*(layer(*entries) for entries in layers))))


def size(tree: LayeredTree, path: str, layer_number: int) -> int:
    node = tree.index.find(path.encode())
    assert node is not None
    return tree.size(node, layer_number)


def test_the_first_link_that_is_left_has_the_bytes(tmp_path: Path) -> None:
    paths = ["a/file", "b/link", "c/link", "a", "b", "c", ""]
    with open_image(archive(tmp_path, *STEPS)) as session:
        tree = session.loaded.tree
        sizes = [[size(tree, path, number) for path in paths] for number in (1, 2, 3, 4)]
    # A path that a layer removes is shown as it was before.
    assert sizes == [
        [100, 0, 0, 100, 0, 0, 100],
        [100, 100, 0, 0, 100, 0, 100],
        [0, 100, 100, 0, 0, 100, 100],
        [0, 0, 100, 0, 0, 100, 0],
    ]


@pytest.mark.parametrize("old", range(6))
@pytest.mark.parametrize("new", range(6))
def test_size_deltas_add_up_to_the_growth_of_the_tree(tmp_path: Path, old: int, new: int) -> None:
    with open_image(archive(tmp_path, *STEPS)) as session:
        comparison = compare_layers(session.loaded, old, new)
        totals = [session.loaded.tree.size(0, number) if number else 0 for number in (old, new)]
        assert comparison.diff.summary.size_delta == totals[1] - totals[0]


def test_a_link_without_its_file_brings_the_bytes_to_another_image(tmp_path: Path) -> None:
    empty = archive(tmp_path, [], name="empty.tar")
    with open_image(empty) as old, open_image(archive(tmp_path, BASE, [whiteout("a/file")])) as new:
        deltas = {change.path: change.size_delta for change in compare_images(old.loaded, new.loaded).diff}
    assert (deltas[b"b/link"], deltas[b"c/link"]) == (100, 0)


def test_a_link_in_the_layer_that_replaces_its_file_holds_the_old_bytes(tmp_path: Path) -> None:
    with open_image(archive(tmp_path, BASE, [file("a/file", b"short")])) as session:
        tree = session.loaded.tree
        assert [size(tree, path, 2) for path in ("a/file", "b/link", "c/link", "")] == [5, 100, 0, 105]
        assert compare_layers(session.loaded, 1, 2).diff.summary.size_delta == 5
