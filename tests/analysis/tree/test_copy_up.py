"""The changes of a container's writable layer to the paths of its image."""

from layerscope.analysis.tree.path_history import CopyUp, copy_up
from tests.analysis.comparison.compared import image_of
from tests.analysis.entries import directory, file, whiteout

MB = 1_000_000

IMAGE = image_of(
    [file("model", 300 * MB), file("gone"), file("log", 5), directory("etc", mtime=1), directory("var", mtime=1)],
    [file("conf", 3)],
    [
        *(file("model", 300 * MB, 0o600), file("conf", 4), file("log", 5), file("new", 1), whiteout("gone")),
        *(directory("etc", mtime=2), directory("var", mtime=1)),
    ],
)


def copied(path: str) -> CopyUp | None:
    node = IMAGE.tree.index.find(path.encode())
    assert node is not None
    return copy_up(IMAGE.tree, node, 3)


def test_a_chmod_costs_the_size_of_the_file() -> None:
    found = copied("model")
    assert found is not None
    assert (found.layer, found.what.words, found.size) == (1, ("mode",), 300 * MB)


def test_other_content_is_told_by_another_size() -> None:
    found = copied("conf")
    assert found is not None
    assert (found.layer, found.what.words, found.size, found.is_settled) == (2, ("content",), 4, True)


def test_a_file_of_the_same_size_is_left_open() -> None:
    found = copied("log")
    assert found is not None
    assert (found.what.words, found.is_settled) == ((), False)


def test_a_folder_whose_time_is_the_same_is_told_from_one_with_another_time() -> None:
    touched, same = copied("etc"), copied("var")
    assert touched is not None
    assert same is not None
    assert (touched.what.words, touched.has_other_time) == ((), True)
    assert (same.what.words, same.has_other_time) == ((), False)


def test_a_removed_path_costs_nothing_and_names_the_layer_that_still_holds_it() -> None:
    found = copied("gone")
    assert found is not None
    assert (found.layer, found.is_removed, found.size) == (1, True, 0)


def test_a_new_path_is_no_copy() -> None:
    assert copied("new") is None
