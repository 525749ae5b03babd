from pathlib import Path

import pytest

from layerscope.model.entries import Kind
from layerscope.session.files.revision import FileRevision, revision_at, revisions_of, shown
from layerscope.session.loaded_image import LoadedImage
from layerscope.session.open import open_image
from tests.builders import device, directory, docker_archive, fifo, file, hardlink, image, layer, symlink, whiteout


def opened(tmp_path: Path, *layers: bytes) -> LoadedImage:
    with open_image(str(docker_archive(tmp_path / "image.tar", image(*layers)))) as session:
        return session.load()


def node(tree: LoadedImage, path: bytes) -> int:
    found = tree.tree.index.find(path)
    assert found is not None
    return found


def at(tree: LoadedImage, path: bytes, number: int) -> FileRevision:
    revision = revision_at(tree, node(tree, path), number)
    assert revision is not None
    return revision


def why_not(tree: LoadedImage, path: bytes, number: int = 1) -> str | None:
    return shown(at(tree, path, number)).why_not


def test_a_path_has_a_version_for_each_layer_that_wrote_it(tmp_path: Path) -> None:
    tree = opened(tmp_path, layer(file("a", b"1")), layer(whiteout("a")), layer(file("a", b"3"), file("b")))
    assert [revision.layer for revision in revisions_of(tree, node(tree, b"a"))] == [1, 3]
    assert [revision.removed_by for revision in revisions_of(tree, node(tree, b"a"))] == [2, None]
    assert [at(tree, b"a", number).layer for number in (1, 2, 3)] == [1, 1, 3], "a hidden one is the last that was"
    assert revision_at(tree, node(tree, b"b"), 1) is None
    assert tree.image.step(3).title == "COPY layer-3 /"
    assert tree.image.step(9).title == "(no instruction recorded)"


def test_an_entry_without_content_is_described(tmp_path: Path) -> None:
    entries = (directory("d"), fifo("p"), device("null", 1, 3), device("sda", 8, 0, block=True), file("e"))
    tree = opened(tmp_path, layer(*entries, hardlink("h", "nowhere")))
    assert why_not(tree, b"d") == "This is a directory."
    assert why_not(tree, b"p") == "This is a named pipe, which has no content."
    assert why_not(tree, b"null") == "This is a character device (1, 3), which has no content."
    assert why_not(tree, b"sda") == "This is a block device (8, 0), which has no content."
    assert why_not(tree, b"e") == "This is an empty file."
    assert why_not(tree, b"h") == "This is a hard link to /nowhere, which is empty or missing."


@pytest.mark.parametrize("target", ["f", "/f", "../../f", "/d/../f"])
def test_a_symlink_shows_the_file_it_leads_to_inside_the_image(tmp_path: Path, target: str) -> None:
    tree = opened(tmp_path, layer(directory("d"), file("f", b"x"), symlink("l", target)))
    found = shown(at(tree, b"l", 1))
    assert (found.leads_to, found.why_not) == (node(tree, b"f"), None)
    assert found.file == tree.tree.index.occurrence(node(tree, b"f"), 1)


def test_a_dangling_symlink_is_described(tmp_path: Path) -> None:
    links = (symlink("a", "/nowhere"), symlink("b", "d"), symlink("c", "c"), symlink("e", "empty"))
    tree = opened(tmp_path, layer(directory("d"), file("empty"), *links))
    assert why_not(tree, b"a") == "This symlink to /nowhere leads nowhere after layer 1."
    assert why_not(tree, b"b") == "This symlink leads to /d, a directory."
    assert why_not(tree, b"c") == "This symlink to c leads nowhere after layer 1."
    assert why_not(tree, b"e") == "This symlink leads to /empty, an empty file."


def test_a_symlink_is_followed_in_the_tree_of_its_layer(tmp_path: Path) -> None:
    tree = opened(tmp_path, layer(file("f", b"1"), symlink("l", "f")), layer(file("f", b"2")), layer(whiteout("l")))
    files = [shown(at(tree, b"l", number)).file for number in (1, 2, 3)]
    index = tree.tree.index
    assert [index.layers[file] for file in files if file is not None] == [1, 2, 2], "before it went, it led there"


def test_a_hard_link_shows_its_file(tmp_path: Path) -> None:
    tree = opened(tmp_path, layer(file("f", b"1"), hardlink("l", "f")))
    assert shown(at(tree, b"l", 1)).file == tree.tree.index.occurrence(node(tree, b"f"), 1)


def test_a_hard_link_whose_file_is_gone_is_a_file(tmp_path: Path) -> None:
    tree = opened(tmp_path, layer(file("f", b"1"), hardlink("l", "f")), layer(whiteout("f")))
    entries = [at(tree, b"l", layer).entry for layer in (1, 2)]
    assert [(entry.kind, entry.size, entry.link) for entry in entries] == [
        (Kind.HARDLINK, 0, b"f"),
        (Kind.FILE, 1, None),
    ]
