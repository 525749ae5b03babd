"""The ``tree`` document, row by row."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.entries import FileEntry, Kind, LayerEntries
from layerscope.report.tree import write_tree_document
from layerscope.report.tree_rows import TreeSelection
from layerscope.session.open import open_image
from layerscope.session.reading.layer_reading import LayerStack
from tests.builders import (
    device,
    directory,
    docker_archive,
    fifo,
    file,
    hardlink,
    image,
    layer,
    opaque,
    symlink,
    whiteout,
)
from tests.report.documents import read_back
from tests.samples import SAMPLES

BASE = layer(
    directory("etc", mtime=5),
    file("etc/motd", b"welcome", mode=0o600, uid=1, gid=2, mtime=7),
    file("etc/hosts", b"localhost"),
    hardlink("etc/hosts2", "./etc/hosts"),
    symlink("etc/link", "../some/where"),
    fifo("pipe"),
    device("null", 1, 3, mode=0o666),
    device("disk", 8, 0, block=True, mode=0o660),
    file("a/b/deep", b"12345"),
    file("bin/passwd", b"x", mode=0o4755),
)
TOP = layer(file("etc/motd", b"hello", mtime=9), whiteout("etc/hosts"), opaque("a"), file("a-b"))


def tree_of(path: Path) -> LayeredTree:
    with open_image(str(path)) as session:
        return session.load().tree


@pytest.fixture
def small(tmp_path: Path) -> LayeredTree:
    return tree_of(docker_archive(tmp_path / "image.tar", image(BASE, TOP)))


def parsed(tree: LayeredTree, selection: TreeSelection) -> list[Any]:
    found: list[Any] = read_back(write_tree_document, tree, selection)["entries"]
    return found


def rows(tree: LayeredTree, selection: TreeSelection) -> dict[str, Any]:
    return {row["path"]: row for row in parsed(tree, selection)}


def test_a_document_has_every_field_of_an_entry(tmp_path: Path) -> None:
    tree = tree_of(docker_archive(tmp_path / "image.tar", image(layer(file("a", b"1", mtime=3)), layer(whiteout("a")))))
    text = io.StringIO()
    write_tree_document(tree, TreeSelection(2), text)
    assert json.loads(text.getvalue()) == {
        "schema_version": 2,
        "layer": 2,
        "entries": [
            {
                "path": "/a",
                "kind": "file",
                "size": 1,
                "mode": "0644",
                "uid": 0,
                "gid": 0,
                "mtime": 3,
                "link": None,
                "change": "removed",
                "layer": 1,
            }
        ],
    }


def test_each_kind_of_entry(small: LayeredTree) -> None:
    found = rows(small, TreeSelection(1))
    kinds = {path: (row["kind"], row["size"], row["mode"], row["link"]) for path, row in found.items()}
    assert kinds == {
        "/a": ("dir", 0, "0755", None),
        "/a/b": ("dir", 0, "0755", None),
        "/a/b/deep": ("file", 5, "0644", None),
        "/bin": ("dir", 0, "0755", None),
        "/bin/passwd": ("file", 1, "4755", None),
        "/disk": ("block", 0, "0660", None),
        "/etc": ("dir", 0, "0755", None),
        "/etc/hosts": ("file", 9, "0644", None),
        "/etc/hosts2": ("hardlink", 0, "0644", "/etc/hosts"),
        "/etc/link": ("symlink", 0, "0777", "../some/where"),
        "/etc/motd": ("file", 7, "0600", None),
        "/null": ("char", 0, "0666", None),
        "/pipe": ("fifo", 0, "0644", None),
    }
    assert (found["/etc/motd"]["uid"], found["/etc/motd"]["gid"], found["/etc/motd"]["mtime"]) == (1, 2, 7)
    assert {row["change"] for row in found.values()} == {"added"}
    assert {row["layer"] for row in found.values()} == {1}


def test_a_hard_link_whose_file_is_gone_is_a_file_and_other_links_name_it(tmp_path: Path) -> None:
    base = layer(file("f", b"four"), hardlink("g", "f"), hardlink("h", "f"), hardlink("i", "f"))
    tops = layer(file("f", b"more!")), layer(whiteout("g")), layer(whiteout("h"))
    tree = tree_of(docker_archive(tmp_path / "image.tar", image(base, *tops)))
    shown = [
        {path: (row["kind"], row["size"], row["link"]) for path, row in rows(tree, TreeSelection(at)).items()}
        for at in range(1, 5)
    ]
    link, carrier = ("hardlink", 0, "/f"), ("file", 4, None)
    assert shown == [
        {"/f": carrier, "/g": link, "/h": link, "/i": link},
        {"/f": ("file", 5, None), "/g": carrier, "/h": ("hardlink", 0, "/g"), "/i": ("hardlink", 0, "/g")},
        {"/f": ("file", 5, None), "/g": carrier, "/h": carrier, "/i": ("hardlink", 0, "/h")},
        {"/f": ("file", 5, None), "/h": carrier, "/i": carrier},
    ]


def test_a_parent_without_an_entry_has_no_time(small: LayeredTree) -> None:
    found = rows(small, TreeSelection(1))
    assert (found["/a/b"]["mtime"], found["/a/b/deep"]["mtime"]) == (None, 0)


def test_marks_are_those_of_the_layer_and_a_removed_row_is_as_it_was(small: LayeredTree) -> None:
    found = rows(small, TreeSelection(2))
    changed = {path: (row["change"], row["layer"]) for path, row in found.items() if row["change"] != "unchanged"}
    assert changed == {
        "/a-b": ("added", 2),
        "/a/b": ("removed", 1),
        "/a/b/deep": ("removed", 1),
        "/etc/hosts": ("removed", 1),
        "/etc/motd": ("modified", 2),
    }
    assert (found["/etc/motd"]["size"], found["/etc/motd"]["mtime"]) == (5, 9)
    assert (found["/etc/hosts"]["size"], found["/a/b/deep"]["size"]) == (9, 5)
    assert (found["/pipe"]["change"], found["/pipe"]["layer"]) == ("unchanged", 1)


def test_a_path_removed_by_an_earlier_layer_is_not_listed(tmp_path: Path) -> None:
    tree = tree_of(docker_archive(tmp_path / "image.tar", image(BASE, TOP, layer(file("new")))))
    assert "/etc/hosts" not in rows(tree, TreeSelection(3))


def test_rows_come_in_the_order_of_the_path_strings(small: LayeredTree) -> None:
    paths = list(rows(small, TreeSelection(2)))
    assert paths == sorted(paths)
    assert paths[:3] == ["/a", "/a-b", "/a/b"]


def test_rows_can_be_limited_to_kinds_of_change(small: LayeredTree) -> None:
    added = TreeSelection(2, frozenset({ChangeKind.ADDED}))
    assert list(rows(small, added)) == ["/a-b"]
    gone = TreeSelection(2, frozenset({ChangeKind.REMOVED, ChangeKind.MODIFIED}))
    assert list(rows(small, gone)) == ["/a/b", "/a/b/deep", "/etc/hosts", "/etc/motd"]


def test_rows_can_be_limited_to_a_depth(small: LayeredTree) -> None:
    assert list(rows(small, TreeSelection(1, depth=1))) == ["/a", "/bin", "/disk", "/etc", "/null", "/pipe"]
    assert "/a/b/deep" not in rows(small, TreeSelection(1, depth=2))
    assert list(rows(small, TreeSelection(2, frozenset({ChangeKind.REMOVED}), depth=2))) == ["/a/b", "/etc/hosts"]


def test_rows_can_be_sorted_by_size(small: LayeredTree) -> None:
    sizes = [row["size"] for row in parsed(small, TreeSelection(1, by_size=True))]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[:3] == [9, 7, 5]


def test_names_that_are_not_utf8_survive_json() -> None:
    name = b"etc/\xff\xfe \x1b[2J"
    entries = LayerEntries()
    entries.table.append(FileEntry(name, Kind.SYMLINK, link=b"\xfe/\xff"))
    entries.paths.append(name)
    stack = LayerStack()
    stack.apply(1, entries)
    text = io.StringIO()
    write_tree_document(stack.tree(), TreeSelection(1), text)
    row = json.loads(text.getvalue())["entries"][1]
    assert row["path"].encode("utf-8", "surrogateescape") == b"/" + name
    assert row["link"].encode("utf-8", "surrogateescape") == b"\xfe/\xff"


names = st.binary(min_size=1, max_size=3).filter(lambda name: b"/" not in name and b"\0" not in name)
paths = st.lists(names | st.sampled_from([b"a", b"a-", b"a!b", b"a.b"]), min_size=1, max_size=4).map(b"/".join)


@given(st.lists(st.lists(paths, max_size=8), min_size=1, max_size=3), st.sets(st.sampled_from(ChangeKind)))
def test_any_selection_is_a_subset_of_the_whole_tree(layers: list[list[bytes]], changes: set[ChangeKind]) -> None:
    stack = LayerStack()
    for number, written in enumerate(layers, 1):
        entries = LayerEntries()
        for path in written:
            entries.table.append(FileEntry(path, Kind.FILE, size=len(path)))
            entries.paths.append(path)
        stack.apply(number, entries)
    tree, last = stack.tree(), len(layers)
    everything = parsed(tree, TreeSelection(last))
    assert [row["path"] for row in everything] == sorted(row["path"] for row in everything)
    assert len(everything) == len(list(tree.rows(last)))
    words = {change.word for change in changes}
    selected = parsed(tree, TreeSelection(last, frozenset(changes), depth=2))
    assert selected == [row for row in everything if row["change"] in words and row["path"].count("/") <= 2]


def test_the_same_image_has_the_same_tree_in_every_form() -> None:
    forms = ("my-app-v2.tar", "my-app-v2.oci.tar", "my-app-v2-zstd")
    trees = [tree_of(SAMPLES / form) for form in forms]
    for layer_number in range(1, 7):
        first, *others = [parsed(tree, TreeSelection(layer_number)) for tree in trees]
        assert first
        assert all(other == first for other in others)
