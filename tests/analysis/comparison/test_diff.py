import sys
import time
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from layerscope.analysis.comparison.diff import Diff, find_differences
from layerscope.analysis.comparison.diff_tree import AFTER, BEFORE, DiffTree, diff_tree, directory_totals
from layerscope.analysis.comparison.moves import find_moves
from layerscope.analysis.comparison.paired_trees import pair_trees
from layerscope.analysis.comparison.pairing import pair_layers
from layerscope.analysis.tree.index_building import build_path_index
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.tree_state import TreeState, touched_nodes
from layerscope.model.entries import FileEntry, Kind, OpaqueWhiteout, Whiteout
from layerscope.tui.comparison.file_tree import DiffRows
from layerscope.tui.tree.view import Folds, Sort, View
from tests.analysis.comparison.compared import FakeBytes, Image, image_of, same, slow_changes
from tests.analysis.entries import Item, directory, file, hardlink, layer, opaque, stacked, symlink, whiteout

NAMES = [b"a", b"b", b"a-", b"\xff"]
paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(b"/".join)


@st.composite
def contents(draw: st.DrawFn) -> FileEntry:
    kind = draw(
        st.sampled_from([Kind.FILE] * 4 + [Kind.DIR] * 2 + [Kind.SYMLINK, Kind.HARDLINK, Kind.HARDLINK, Kind.CHAR])
    )
    return FileEntry(
        draw(paths),
        kind,
        size=draw(st.integers(0, 2)) if kind is Kind.FILE else 0,
        mode=draw(st.sampled_from([0o755, 0o755, 0o700])),
        uid=draw(st.sampled_from([0, 0, 7])),
        mtime=draw(st.integers(0, 1)),
        link=draw(paths) if kind in (Kind.SYMLINK, Kind.HARDLINK) else None,
        xattrs=draw(st.sampled_from([(), (), ((b"user.x", b"1"),)])),
        device=(1, draw(st.integers(3, 4))) if kind is Kind.CHAR else None,
    )


items = st.one_of(contents(), contents(), contents(), st.builds(Whiteout, paths), st.builds(OpaqueWhiteout, paths))
layers = st.lists(items, max_size=7)
stacks = st.lists(layers, min_size=1, max_size=5)


def diff_of(image: Image, before: int, after: int, *, own: bool = False, mtime: bool = False) -> Diff:
    pairing = pair_layers(image.tree, before, after, own=own)
    return find_differences(pairing, FakeBytes(image.tree, image.tree), mtime=mtime)


def images_diff(old: Image, new: Image, shared: int = 0) -> Diff:
    before, after = (TreeState(image.tree, len(image.states) - 1) for image in (old, new))
    return find_differences(pair_trees(before, after, shared), FakeBytes(old.tree, new.tree))


def marks(diff: Diff) -> dict[bytes, str]:
    return {change.path: change.change.mark for change in diff}


def whats(diff: Diff) -> dict[str, tuple[str, ...]]:
    return {change.path.decode(): change.what.words for change in diff if change.change.mark == "~"}


@given(stacks)
@settings(max_examples=48)
def test_every_pair_of_layers_differs_as_whole_trees_compared_one_by_one(stack: list[list[Item]]) -> None:
    image = image_of(*stack)
    for before, state in enumerate(image.states):
        for after, other in enumerate(image.states):
            assert marks(diff_of(image, before, after)) == slow_changes(state, other)


@given(stacks)
@settings(max_examples=48)
def test_applying_a_diff_to_the_one_state_gives_the_other(stack: list[list[Item]]) -> None:
    image = image_of(*stack)
    for before, state in enumerate(image.states):
        for after, other in enumerate(image.states):
            tree = dict(state.shown)
            for change in diff_of(image, before, after):
                assert change.before == state.shown.get(change.path)
                if change.after is None:
                    del tree[change.path]
                else:
                    tree[change.path] = change.after
            assert tree.keys() == other.tree.keys()
            for path, entry in tree.items():
                assert same(state, other, path) if entry == state.shown.get(path) else entry == other.shown[path]


@given(layers, stacks, stacks)
@settings(max_examples=48)
def test_two_images_differ_as_their_whole_trees_do_and_a_shared_base_changes_nothing(
    base: list[Item], one: list[list[Item]], other: list[list[Item]]
) -> None:
    old, new = image_of(base, *one), image_of(base, *other)
    diff = images_diff(old, new)
    assert marks(diff) == slow_changes(old.states[-1], new.states[-1])
    assert list(images_diff(old, new, shared=1)) == list(diff)


@given(stacks)
@settings(max_examples=32)
def test_size_deltas_add_up_to_the_growth_of_the_tree(stack: list[list[Item]]) -> None:
    image = image_of(*stack)
    for before, state in enumerate(image.states):
        for after, other in enumerate(image.states):
            diff = diff_of(image, before, after)
            assert diff.summary.size_delta == other.size_below(b"") - state.size_below(b"")
            tree, sizes, old_sizes = diff_tree(diff), other.sizes(), state.sizes()
            for node in range(len(tree.index)):
                path = tree.index.path(node)
                grown = other.size_below(path) - state.size_below(path)
                below = tree.totals[node].size_delta if node in tree.totals else 0
                assert tree.own_delta(node) + below == grown + sizes.get(path, 0) - old_sizes.get(path, 0)


def test_removing_a_file_that_a_hard_link_still_shows_frees_nothing() -> None:
    image = image_of([file("a/f", size=5), hardlink("b/h", "a/f")], [whiteout("a/f")], [whiteout("b/h")])
    removed, freed = list(diff_of(image, 1, 2)), list(diff_of(image, 2, 3))
    assert [(change.path, change.what.words, change.size_delta) for change in removed] == [
        (b"a/f", (), -5),
        (b"b/h", ("link",), 5),
    ]
    assert [(change.path, change.size_delta) for change in freed] == [(b"b/h", -5)]
    assert [image.tree.size(image.tree.index.find(path) or 0, 2) for path in (b"b/h", b"b", b"a")] == [5, 5, 0]
    assert not image.tree.index.touches_below(image.tree.index.find(b"b") or 0, 2)


@given(stacks, stacks)
@settings(max_examples=32)
def test_the_tree_of_a_diff_shows_both_sides(one: list[list[Item]], other: list[list[Item]]) -> None:
    old, new = image_of(*one), image_of(*other)
    tree = diff_tree(images_diff(old, new))
    before, after = old.states[-1], new.states[-1]
    shown = (tree.row(node, AFTER) for node in range(1, len(tree.index)))
    rows = {row.entry.path: row for row in shown if row is not None}
    assert rows.keys() == before.tree.keys() | after.tree.keys()
    found = slow_changes(before, after)
    for path, row in rows.items():
        assert row.change.mark == found.get(path, " ")
        assert row.entry == after.shown.get(path, before.shown.get(path))
        assert tree.entry(row.node, BEFORE) == before.shown.get(path)
        changed_below = any(other.startswith(path + b"/") for other in found)
        assert tree.index.touches_below(row.node, AFTER) == changed_below


@given(stacks)
@settings(max_examples=32)
def test_own_entries_are_those_that_the_layers_hold(stack: list[list[Item]]) -> None:
    image = image_of(*stack)
    held = [_held(number, state.tree) for number, state in enumerate(image.states)]
    for before in range(1, len(held)):
        for after in range(1, len(held)):
            found = marks(diff_of(image, before, after, own=True))
            assert {path for path, mark in found.items() if mark == "+"} == held[after] - held[before]
            assert {path for path, mark in found.items() if mark == "-"} == held[before] - held[after]


def _held(number: int, tree: dict[bytes, FileEntry]) -> set[bytes]:
    return {path for path, entry in tree.items() if entry.layer == number and entry.row is not None}


def test_a_file_edited_to_the_same_size_is_modified_in_its_content() -> None:
    image = image_of([file("a", 5)], [_edited("a", 5)])
    assert whats(diff_of(image, 1, 2)) == {"a": ("content",)}


def _edited(path: str, size: int, mode: int = 0o644) -> FileEntry:
    return FileEntry(path.encode(), Kind.FILE, size, mode, mtime=99)


def test_a_chmod_is_mode_alone_and_a_chown_is_owner_alone() -> None:
    image = image_of([file("a", 5), file("b", 5)], [file("a", 5, 0o600), FileEntry(b"b", Kind.FILE, 5, 0o644, 7)])
    assert whats(diff_of(image, 1, 2)) == {"a": ("mode",), "b": ("owner",)}


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        (symlink("a", "x"), symlink("a", "y"), ("link",)),
        (file("a", 1), symlink("a", "y"), ("kind",)),
        (directory("a"), directory("a", 0o700, uid=3), ("mode", "owner")),
        (directory("a"), directory("a", xattrs=((b"user.x", b"1"),)), ("xattrs",)),
        (FileEntry(b"a", Kind.CHAR, device=(1, 3)), FileEntry(b"a", Kind.CHAR, device=(1, 5)), ("content",)),
        (FileEntry(b"a", Kind.CHAR, device=(1, 3)), FileEntry(b"a", Kind.BLOCK, device=(1, 3)), ("kind",)),
        (file("a", 1), file("a", 2), ("content",)),
    ],
)
def test_each_aspect_that_differs_is_listed(before: FileEntry, after: FileEntry, what: tuple[str, ...]) -> None:
    assert whats(diff_of(image_of([before], [after]), 1, 2)) == {"a": what}


def test_a_symlink_with_another_mode_is_the_same() -> None:
    image = image_of([symlink("a", "x")], [FileEntry(b"a", Kind.SYMLINK, mode=0o644, link=b"x")])
    assert not diff_of(image, 1, 2)


def test_an_identical_copy_does_not_differ_and_times_count_only_on_request() -> None:
    image = image_of([file("a", 0), directory("d", mtime=1)], [_edited("a", 0), directory("d", mtime=2)])
    assert not diff_of(image, 1, 2)
    assert whats(diff_of(image, 1, 2, mtime=True)) == {"a": ("mtime",), "d": ("mtime",)}


def test_a_path_that_came_and_went_between_the_two_is_no_difference() -> None:
    image = image_of([file("a", 1)], [file("b", 1), _edited("a", 1)], [whiteout("b"), file("a", 1)])
    assert not diff_of(image, 1, 3)
    assert marks(diff_of(image, 3, 2)) == {b"a": "~", b"b": "+"}


def test_a_hard_link_is_compared_by_the_file_it_shows_and_named_as_a_link() -> None:
    image = image_of(
        [file("a", 3), hardlink("l", "a"), file("m", 3), hardlink("n", "a")],
        [file("l", 3), _edited("m", 3), hardlink("n", "m")],
    )
    assert whats(diff_of(image, 1, 2)) == {"l": ("link",), "m": ("content",), "n": ("content", "link")}
    deltas = {change.path: change.size_delta for change in diff_of(image, 1, 2)}
    assert deltas == {b"l": 3, b"m": 0, b"n": 0}


def test_a_hard_link_has_the_xattrs_of_the_file_it_shows() -> None:
    plain, capable = file("a", 3), replace(file("a", 3), xattrs=((b"security.capability", b"1"),))
    image = image_of([plain, hardlink("l", "a")], [capable, hardlink("l", "a")], [hardlink("a", "l")])
    assert whats(diff_of(image, 1, 2)) == {"a": ("xattrs",), "l": ("xattrs",)}
    assert whats(diff_of(image, 2, 3, own=True)) == {"a": ("link",)}
    assert not diff_of(image, 2, 3)


def test_a_hard_link_that_shows_nothing_is_of_another_kind_than_a_file() -> None:
    image = image_of([file("a", 3), hardlink("b", "x")], [hardlink("a", "nowhere"), hardlink("b", "y")])
    assert whats(diff_of(image, 1, 2)) == {"a": ("kind",), "b": ("link",)}


def test_bytes_that_cannot_be_read_count_as_different() -> None:
    image = image_of([file("a", 3), file("b", 3)], [file("a", 3), file("b", 3)])
    node = image.tree.index.find(b"a")
    assert node is not None
    broken = frozenset({image.tree.index.occurrence(node, 2)})
    diff = find_differences(pair_layers(image.tree, 1, 2), FakeBytes(image.tree, image.tree, broken))
    assert whats(diff) == {"a": ("content",)}
    assert [diff.change(row).path for row in diff.unread] == [b"a"]


def test_bytes_are_read_only_if_kind_and_size_agree() -> None:
    image = image_of(
        [file("a", 1), file("b", 1), file("c", 0), file("d", 1)],
        [file("a", 2), symlink("b", "a"), file("c", 0), file("d", 1)],
    )
    asked = FakeBytes(image.tree, image.tree)
    find_differences(pair_layers(image.tree, 1, 2), asked)
    assert len(asked.asked) == 1


def test_the_cost_of_a_diff_grows_with_what_the_layers_touched() -> None:
    small = image_of([file("x/y", 1)], [file("x/y", 2)])
    large = image_of([file("x/y", 1), *(file(f"d/{n}", 1) for n in range(2000))], [file("x/y", 2)])
    assert _calls(large) == _calls(small)


def _calls(image: Image) -> int:
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(note)
    try:
        assert len(diff_of(image, 1, 2)) == 1
    finally:
        sys.setprofile(None)
    return count


def test_touched_nodes_are_found_whatever_the_number_of_the_layer() -> None:
    image = image_of([file("a")], *([[]] * 254), [file("b")], [file("c")], [file("a")])
    found = {
        layer: [image.tree.index.path(n) for n in touched_nodes(image.tree.index, [layer])]
        for layer in (1, 256, 257, 258)
    }
    assert found == {1: [b"a"], 256: [b"b"], 257: [b"c"], 258: [b"a"]}


def test_the_states_of_two_layers_may_be_compared_backwards_and_with_nothing() -> None:
    image = image_of([directory("d"), file("d/a", 3)], [opaque("d"), file("d/b", 4)])
    assert marks(diff_of(image, 2, 1)) == {b"d/a": "+", b"d/b": "-"}
    summary = diff_of(image, 0, 2).summary
    assert (summary.added, summary.modified, summary.removed, summary.size_delta) == (2, 0, 0, 4)


def moves_of(image: Image, before: int = 1, after: int = 2) -> list[tuple[str, str]]:
    diff = diff_of(image, before, after)
    found = find_moves(diff, FakeBytes(image.tree, image.tree))
    return [(diff.change(move.removed).path.decode(), diff.change(move.added).path.decode()) for move in found]


def test_a_moved_file_is_listed_and_keeps_both_rows() -> None:
    image = image_of([file("a/x", 5), file("b", 6)], [whiteout("a/x"), file("c/y", 5), whiteout("b"), _edited("d", 6)])
    assert moves_of(image) == [("a/x", "c/y")]
    assert {"a/x", "c/y"} <= {path.decode() for path in marks(diff_of(image, 1, 2))}


def test_of_files_with_the_same_bytes_those_of_one_name_belong_together() -> None:
    old = [file("old/LICENSE", 5), file("old/other", 5), file("old/third", 5)]
    image = image_of(old, [whiteout("old"), file("new/other", 5), file("new/z", 5), file("new/LICENSE", 5)])
    assert moves_of(image) == [("old/LICENSE", "new/LICENSE"), ("old/other", "new/other"), ("old/third", "new/z")]


def test_empty_files_and_links_do_not_move_and_sizes_that_do_not_meet_are_not_read() -> None:
    image = image_of(
        [file("a"), symlink("s", "x"), file("b", 3)], [whiteout("a"), whiteout("s"), whiteout("b"), file("c")]
    )
    diff = diff_of(image, 1, 2)
    asked = FakeBytes(image.tree, image.tree)
    assert find_moves(diff, asked) == ()
    assert asked.digested == 0


def shown(tree: DiffTree, *, sort: Sort, changes_only: bool = True) -> list[str]:
    rows = DiffRows(tree, View(AFTER, changes_only=changes_only, sort=sort), Folds(9))
    for _ in rows.build():
        pass
    return [tree.index.path(node).decode() for node in rows]


def test_a_view_shows_only_changes_the_largest_first() -> None:
    image = image_of(
        [file("a/same", 9), file("a/x", 1), file("z/gone", 50), file("still", 70)],
        [file("a/x", 11), whiteout("z/gone"), file("new", 3)],
    )
    tree = diff_tree(diff_of(image, 1, 2))
    assert shown(tree, sort=Sort.SIZE) == ["z", "z/gone", "a", "a/x", "new"]
    assert shown(tree, sort=Sort.NAME) == ["a", "a/x", "new", "z", "z/gone"]
    assert shown(tree, sort=Sort.NAME, changes_only=False) == ["a", "a/same", "a/x", "new", "still", "z", "z/gone"]
    assert tree.totals[0] == (1, 1, 1, -37)


def test_the_sums_of_deep_directories_take_linear_time() -> None:
    overlay = stacked(layer(*(file(f"{'d/' * depth}f", 1) for depth in range(4001)))).overlay
    tree = LayeredTree(build_path_index(overlay), overlay.tables, (1,))
    diff, started = find_differences(pair_layers(tree, 0, 1), FakeBytes(tree, tree)), time.process_time()
    totals = directory_totals(diff)
    assert time.process_time() - started < 2
    assert len(totals) == 4001
    assert totals[0].size_delta == 4001
