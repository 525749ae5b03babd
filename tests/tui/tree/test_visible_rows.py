"""The rows of a tree, compared with a slow and simple way to build them: list all paths of the view, and walk them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.analysis.search import name_flags
from layerscope.analysis.search.query import parse_query
from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.index_building import build_path_index
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.overlay import Overlay
from layerscope.model.entries import Kind, OpaqueWhiteout, Whiteout
from layerscope.tui.explorer.file_tree import OwnRows
from layerscope.tui.tree import nodes_in_view, visible_rows
from layerscope.tui.tree.view import UNFOLD_ALL as ALL
from layerscope.tui.tree.view import Folds, Scope, Sort, View
from layerscope.tui.tree.visible_rows import VisibleRows
from tests.analysis.entries import Item, directory, file, hardlink, layer, symlink, whiteout
from tests.oracle import State, is_below, restacked

PATHS = [
    "/".join(parts)
    for parts in (["a"], ["b"], ["a", "a"], ["a", "b"], ["a!"], ["b", "a"], ["a", "b", "a"], ["a", "b", "b!"])
]

paths = st.sampled_from(PATHS)
items: st.SearchStrategy[Item] = st.one_of(
    st.builds(file, paths, st.integers(0, 9)),
    st.builds(file, paths, st.integers(0, 9)),
    st.builds(directory, paths, st.sampled_from([0o755, 0o700])),
    st.builds(symlink, paths, st.just("x")),
    st.builds(lambda path: Whiteout(path.encode()), paths),
    st.builds(lambda path: OpaqueWhiteout(path.encode()), paths),
)
stacks = st.lists(st.lists(items, max_size=7), min_size=1, max_size=4)
MATCHES = {
    "a": rb"a[^/]*\Z",
    "b!": rb"b![^/]*\Z",
    "a/b": rb"a/b",
    "b*": rb"/b[^/]*\Z",
    "/a/**": rb"\A/a/",
    "re:^/b": rb"\A/b",
    "zz": rb"zz",
}
"""Queries, each with the expression for the paths that it matches."""

queries = st.sampled_from([None, None, *MATCHES])


@st.composite
def views(draw: st.DrawFn, layers: int) -> View:
    text = draw(queries)
    return View(
        draw(st.integers(1, layers)),
        draw(st.sampled_from(Scope)),
        draw(st.booleans()),
        draw(st.sampled_from(Sort)),
        parse_query(text) if text else None,
    )


@dataclass(frozen=True)
class Oracle:
    """The rows of a view, made from the states of the layers and nothing else."""

    states: list[State]
    view: View
    depth: int
    chosen: Mapping[bytes, bool]

    @property
    def now(self) -> State:
        return self.states[self.view.layer]

    @property
    def before(self) -> State:
        return self.states[self.view.layer - 1]

    def is_in_view(self, path: bytes) -> bool:
        change, entry = self.now.change(path), self.now.tree.get(path)
        if self.view.changes_only:
            return change is not ChangeKind.UNCHANGED or self.now.touches_below(path)
        if self.view.scope is Scope.OWN:
            own = {each for each, written in self.now.tree.items() if written.layer == self.view.layer}
            leads_to_own = path in own or any(is_below(each, path) for each in own)
            return leads_to_own or change is ChangeKind.REMOVED or self.now.touches_below(path)
        return entry is not None or change is ChangeKind.REMOVED

    def all_in_view(self) -> list[bytes]:
        return [path for path in sorted({*self.now.tree, *self.before.tree}, key=_parts) if self.is_in_view(path)]

    def matches(self) -> set[bytes]:
        query = self.view.query
        if query is None:
            return set()
        return {path for path in self.all_in_view() if re.search(MATCHES[query.text], b"/" + path)}

    def size(self, path: bytes) -> int:
        state = self.now if path in self.now.tree else self.before
        entry = state.tree[path]
        return state.size_below(path) if entry.kind is Kind.DIR else entry.size

    def rows(self) -> list[bytes]:
        return list(self._below(b"", 1, self.matches()))

    def _below(self, folder: bytes, depth: int, matches: set[bytes]) -> Iterator[bytes]:
        children = [path for path in self.all_in_view() if path.rpartition(b"/")[0] == folder]
        if self.view.query is not None:
            children = [path for path in children if self._has_to_do_with(path, matches)]
        if self.view.sort is Sort.SIZE:
            children.sort(key=lambda path: -self.size(path))
        for path in children:
            yield path
            above_a_match = any(is_below(match, path) for match in matches)
            if self.chosen.get(path, above_a_match or depth <= self.depth):
                yield from self._below(path, depth + 1, matches)

    @staticmethod
    def _has_to_do_with(path: bytes, matches: set[bytes]) -> bool:
        return any(path == match or is_below(path, match) or is_below(match, path) for match in matches)


def _parts(path: bytes) -> list[bytes]:
    return path.split(b"/")


def layered(stack: list[list[Item]]) -> tuple[LayeredTree, list[State]]:
    layers = [layer(*contents) for contents in stack]
    overlay = Overlay()
    for number, contents in enumerate(layers, start=1):
        overlay.apply(number, contents)
    numbers = tuple(range(1, len(layers) + 1))
    return LayeredTree(build_path_index(overlay), overlay.tables, numbers), restacked(stack)


def built(tree: LayeredTree, view: View, folds: Folds | None = None) -> VisibleRows:
    rows = VisibleRows(tree, view, folds or Folds(ALL))
    for _ in rows.build():
        pass
    return rows


def shown(rows: VisibleRows) -> list[bytes]:
    """Return the paths of all rows; each is found by its number, too."""
    nodes = [rows[row] for row in range(len(rows))]
    assert nodes == [*rows]
    return [rows.tree.index.path(node) for node in nodes]


@given(st.data(), stacks)
@settings(max_examples=120)
def test_rows_equal_those_of_a_plain_walk(data: st.DataObject, stack: list[list[Item]]) -> None:
    tree, states = layered(stack)
    view, folds = data.draw(views(len(stack))), Folds(data.draw(st.sampled_from([0, 1, 2, 9, ALL])))
    if len(tree.index) > 1:
        nodes = st.integers(1, len(tree.index) - 1)
        folds.chosen = data.draw(st.dictionaries(nodes, st.booleans(), max_size=3))
    chosen = {tree.index.path(node): is_open for node, is_open in folds.chosen.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(name_flags, "_NODES_A_BATCH", data.draw(st.sampled_from([1, 3, 100])))
        patch.setattr(nodes_in_view, "_FOLDERS_A_BATCH", 1)
        rows = built(tree, view, folds)
    oracle = Oracle(states, view, folds.depth, chosen)
    assert shown(rows) == oracle.rows()
    assert (rows.matches.count if rows.matches else 0) == len(oracle.matches())
    assert {tree.index.path(node) for node in rows if rows.is_match(node)} == oracle.matches() & set(shown(rows))


@given(st.data(), stacks)
@settings(max_examples=120)
def test_toggling_gives_the_rows_of_a_new_build(data: st.DataObject, stack: list[list[Item]]) -> None:
    tree, _ = layered(stack)
    view = data.draw(views(len(stack)))
    folds = Folds(data.draw(st.sampled_from([0, 1, ALL])))
    rows = built(tree, view, folds)
    for _ in range(3):
        if not len(rows):
            return
        row = data.draw(st.integers(0, len(rows) - 1))
        folds.set(rows[row], open_it=not rows.is_open(rows[row]))
        rows.toggle(row)
        assert shown(rows) == shown(built(tree, view, folds))


@given(st.data(), stacks)
def test_row_of_finds_a_node_or_its_nearest_folder(data: st.DataObject, stack: list[list[Item]]) -> None:
    tree, _ = layered(stack)
    rows = built(tree, data.draw(views(len(stack))), Folds(data.draw(st.sampled_from([0, 1, ALL]))))
    paths = shown(rows)
    for node in range(1, len(tree.index)):
        found, path = rows.row_of(node), tree.index.path(node)
        while path not in paths and path:
            path = path.rpartition(b"/")[0]
        assert found == (paths.index(path) if path else None)
    assert rows.row_of(0) is None


@given(st.data(), stacks)
def test_next_match_finds_the_nearest_and_wraps_around(data: st.DataObject, stack: list[list[Item]]) -> None:
    tree, _ = layered(stack)
    rows = built(tree, data.draw(views(len(stack))))
    matching = [row for row, node in enumerate(rows) if rows.is_match(node)]
    for row in range(len(rows)):
        assert rows.next_match(row, 1) == next(
            (match for match in [*matching, *matching] if match > row), min(matching, default=None)
        )
        assert rows.next_match(row, -1) == max(
            (match for match in matching if match < row), default=max(matching, default=None)
        )


TREE = layered(
    [
        [file("etc/hosts", 5), file("usr/lib/a/one", 100), file("usr/lib/b", 10), hardlink("usr/link", "usr/lib/b")],
        [whiteout("usr/lib/a"), file("etc/hosts", 7), file("new", 1)],
    ]
)[0]


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (View(1), "etc etc/hosts usr usr/lib usr/lib/a usr/lib/a/one usr/lib/b usr/link"),
        (View(2), "etc etc/hosts new usr usr/lib usr/lib/a usr/lib/a/one usr/lib/b usr/link"),
        (View(2, changes_only=True), "etc etc/hosts new usr usr/lib usr/lib/a usr/lib/a/one"),
        (View(2, Scope.OWN), "etc etc/hosts new usr usr/lib usr/lib/a usr/lib/a/one"),
        (View(1, sort=Sort.SIZE), "usr usr/lib usr/lib/a usr/lib/a/one usr/lib/b usr/link etc etc/hosts"),
        (View(2, sort=Sort.SIZE), "usr usr/lib usr/lib/a usr/lib/a/one usr/lib/b usr/link etc etc/hosts new"),
        (View(2, query=parse_query("one")), "usr usr/lib usr/lib/a usr/lib/a/one"),
        (View(2, query=parse_query("lib")), "usr usr/lib usr/lib/a usr/lib/a/one usr/lib/b"),
        (View(2, query=parse_query("none")), ""),
    ],
)
def test_each_view_has_its_rows(view: View, expected: str) -> None:
    assert b" ".join(shown(built(TREE, view))).decode() == expected


def test_what_a_layer_changed_is_sorted_by_what_it_wrote_or_hid() -> None:
    rows = OwnRows(TREE, View(2, Scope.OWN, sort=Sort.SIZE), Folds(ALL))
    for _ in rows.build():
        pass
    sizes = [(TREE.index.path(node).decode(), rows.size(node), rows.hidden_size(node)) for node in rows]
    assert sizes[:4] == [("usr", 0, 100), ("usr/lib", 0, 100), ("usr/lib/a", 0, 100), ("usr/lib/a/one", 0, 100)]
    assert sizes[4:] == [("etc", 7, 5), ("etc/hosts", 7, 5), ("new", 1, 0)]


def test_a_filter_counts_what_the_layer_hid_among_the_matches() -> None:
    tree = layered([[file("a/b", 5), file("a/c", 3)], [whiteout("a/b"), whiteout("a/c")]])[0]
    rows = OwnRows(tree, View(2, Scope.OWN, query=parse_query("a/b")), Folds(ALL))
    for _ in rows.build():
        pass
    assert [(tree.index.path(node), rows.hidden_size(node)) for node in rows] == [(b"a", 5), (b"a/b", 5)]


def test_folds_to_a_depth() -> None:
    assert shown(built(TREE, View(1), Folds(0))) == [b"etc", b"usr"]
    assert shown(built(TREE, View(1), Folds(1))) == [b"etc", b"etc/hosts", b"usr", b"usr/lib", b"usr/link"]


def test_folds_remember_the_folders_that_were_chosen() -> None:
    folds = Folds(1)
    folds.set(7, open_it=False)
    folds.set(8, open_it=True)
    folds.set(9, open_it=False)
    assert not folds.is_open(7, 1)
    assert folds.is_open(8, 2)
    assert not folds.is_open(9, 2)


def test_building_yields_between_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    tree, _ = layered([[file(f"file-{number:05}") for number in range(3000)]])
    monkeypatch.setattr(visible_rows, "_NODES_A_BATCH", 100)
    assert len(list(VisibleRows(tree, View(1), Folds(1)).build())) >= 30
    assert len(list(VisibleRows(tree, View(1, query=parse_query("file")), Folds()).build())) >= 30


def test_there_are_no_rows_until_what_is_below_the_root_is_counted() -> None:
    folds = Folds()
    folds.set(TREE.index.find(b"usr/lib") or 0, open_it=True)
    rows = VisibleRows(TREE, View(1), folds)
    assert {len(rows) for _ in rows.build()} == {0}
    assert len(rows) == 2


FILLED = layered(
    [
        [
            *(file(f"large/{name}", 100) for name in "abc"),
            *(file(f"wide/{number}", 50) for number in range(20)),
            file("small/one", 1),
            file("small/folder/two", 1),
            file("top", 5),
        ]
    ]
)[0]


def filled(height: int, folds: Folds | None = None) -> list[str]:
    rows = VisibleRows(FILLED, View(1, sort=Sort.SIZE), folds or Folds())
    for _ in rows.build(height):
        pass
    return [path.decode() for path in shown(rows)]


def test_the_largest_folders_that_fit_are_unfolded_to_fill_the_screen() -> None:
    assert filled(4) == ["wide", "large", "top", "small"]
    assert filled(7) == ["wide", "large", "large/a", "large/b", "large/c", "top", "small"]
    assert filled(9)[-3:] == ["small", "small/folder", "small/one"]
    assert filled(10)[-3:] == ["small/folder", "small/folder/two", "small/one"]
    assert len(filled(40)) == 30


def test_folders_without_a_size_do_not_keep_the_screen_from_being_filled() -> None:
    empty = [directory(f"empty-{number}") for number in range(20)]
    tree, _ = layered([[*empty, file("all/one", 1), file("all/two", 1)]])
    rows = VisibleRows(tree, View(1, sort=Sort.SIZE), Folds())
    for _ in rows.build(10):
        pass
    assert [path.decode() for path in shown(rows)][:4] == ["all", "all/one", "all/two", "empty-0"]


def test_a_folder_of_many_screens_is_unfolded_rather_than_leaving_one_half_empty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tree, _ = layered([[file(f"all/{number}", 1) for number in range(3000)]])
    rows = VisibleRows(tree, View(1, sort=Sort.SIZE), Folds())
    monkeypatch.setattr(visible_rows, "_NODES_A_BATCH", 100)
    assert len([*rows.build(10)]) >= 90, "keys are handled while it is listed, sorted and counted"
    assert len(rows) == 3001


def test_a_folder_that_was_folded_stays_so_on_a_screen_that_is_filled() -> None:
    folds = Folds()
    folds.set(FILLED.index.find(b"large") or 0, open_it=False)
    assert "large/a" not in filled(9, folds)


def test_a_screen_that_would_stay_half_empty_shows_the_largest_folder() -> None:
    tree, _ = layered([[file(f"only/{number}", 1) for number in range(30)]])
    rows = VisibleRows(tree, View(1), Folds())
    for _ in rows.build(20):
        pass
    assert len(rows) == 31
