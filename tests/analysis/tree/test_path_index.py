from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.analysis.tree.change import GONE, IMPLIED, ChangeKind
from layerscope.analysis.tree.index_building import build_path_index
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.overlay import Overlay
from layerscope.analysis.tree.path_index import PathIndex
from layerscope.analysis.tree.tally import LayerTally
from layerscope.model.columns import columns_of
from layerscope.model.entries import FileEntry, Kind, LayerEntries, OpaqueWhiteout, Whiteout
from tests.analysis.entries import Item, directory, file, hardlink, layer, stacked, symlink, whiteout
from tests.oracle import State, is_below, restacked

pytestmark = pytest.mark.thorough

NAMES = [b"a", b"a", b"a", b"b", b"a!", b"\xff"]
"""Few, so that layers meet; and some that sort before, after and around the slash of their neighbours."""

XATTRS = ((b"user.x", b"1"),)

paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(b"/".join)
kinds = st.sampled_from(
    [Kind.FILE, Kind.FILE, Kind.DIR, Kind.DIR, Kind.SYMLINK, Kind.HARDLINK, Kind.HARDLINK, Kind.CHAR]
)


@st.composite
def entries(draw: st.DrawFn) -> FileEntry:
    kind = draw(kinds)
    path = draw(paths) if draw(st.integers(0, 9)) else b""
    return FileEntry(
        path,
        kind,
        size=draw(st.integers(0, 4)) if kind is Kind.FILE else 0,
        mode=draw(st.sampled_from([0o755, 0o755, 0o700])),
        uid=draw(st.sampled_from([0, 0, 7])),
        link=draw(paths) if kind in (Kind.SYMLINK, Kind.HARDLINK) else None,
        xattrs=draw(st.sampled_from([(), XATTRS])),
        device=(1, 3) if kind is Kind.CHAR else None,
    )


items = st.one_of(
    entries(),
    entries(),
    entries(),
    st.builds(Whiteout, paths),
    st.builds(OpaqueWhiteout, st.one_of(st.just(b""), paths)),
)
stacks = st.lists(st.lists(items, max_size=8), min_size=1, max_size=5)


@dataclass(frozen=True)
class Built:
    """A stack in both ways: by the overlay and its index, and by the oracle."""

    overlay: Overlay
    index: PathIndex
    tallies: list[LayerTally]
    states: list[State]

    def entry(self, node: int, number: int) -> FileEntry | None:
        """Return what the index says of a node after a layer."""
        found = self.index.occurrence(node, number)
        if found < 0 or self.index.rows[found] == GONE:
            return None
        return self.entry_of(found, node)

    def entry_of(self, occurrence: int, node: int) -> FileEntry:
        """Return what an occurrence wrote."""
        row, number, path = self.index.rows[occurrence], self.index.layers[occurrence], self.index.path(node)
        if row == IMPLIED:
            return FileEntry(path, Kind.DIR, layer=number)
        return self.overlay.tables[number].entry(row, path, number)

    def each(self) -> list[tuple[int, State]]:
        """Return the number and the state of each layer."""
        return list(enumerate(self.states))[1:]


def built(stack: list[list[Item]]) -> Built:
    layers = [layer(*contents) for contents in stack]
    overlay = Overlay()
    tallies = [overlay.apply(number, contents) for number, contents in enumerate(layers, start=1)]
    return Built(overlay, build_path_index(overlay), tallies, restacked(stack))


@given(stacks)
@settings(max_examples=60)
def test_every_layer_shows_the_same_tree_as_stacking_from_scratch(stack: list[list[Item]]) -> None:
    image = built(stack)
    for number, state in image.each():
        shown = {}
        for node in range(1, len(image.index)):
            entry = image.entry(node, number)
            if entry is not None:
                shown[entry.path] = entry
        assert shown == state.tree
        assert image.entry(0, number) == state.root


@given(stacks)
@settings(max_examples=60)
def test_every_change_agrees_with_stacking_from_scratch(stack: list[list[Item]]) -> None:
    image = built(stack)
    for number, state in image.each():
        for node in range(len(image.index)):
            assert image.index.change(node, number) is state.change(image.index.path(node))


@given(stacks)
@settings(max_examples=40)
def test_every_tally_agrees_with_stacking_from_scratch(stack: list[list[Item]]) -> None:
    image = built(stack)
    for number, state in image.each():
        tally, changes = image.tallies[number - 1], list(state.changes.values())
        assert tally.added == changes.count(ChangeKind.ADDED)
        assert tally.modified == changes.count(ChangeKind.MODIFIED)
        assert tally.removed == changes.count(ChangeKind.REMOVED)
        own = {path: entry for path, entry in state.tree.items() if entry.layer == number}
        assert tally.content_size == sum(entry.size for entry in own.values())
        written = {item.path for item in stack[number - 1] if isinstance(item, FileEntry)}
        assert tally.entries == sum(path in written and not _is_implied(image, path, number) for path in own)


def _is_implied(image: Built, path: bytes, number: int) -> bool:
    node = image.index.find(path)
    assert node is not None
    return image.index.rows[image.index.occurrence(node, number)] == IMPLIED


@given(stacks)
@settings(max_examples=40)
def test_the_size_of_every_folder_is_the_sum_of_the_files_below_it(stack: list[list[Item]]) -> None:
    image = built(stack)
    for number, state in image.each():
        for node in range(len(image.index)):
            path = image.index.path(node)
            assert image.index.size_below(node, number) == state.size_below(path)
            assert image.index.touches_below(node, number) == state.touches_below(path)


@given(stacks)
@settings(max_examples=40)
def test_what_a_layer_wrote_below_a_folder_is_the_sum_of_its_own_files(stack: list[list[Item]]) -> None:
    image = built(stack)
    tree = LayeredTree(image.index, image.overlay.tables, tuple(range(len(stack) + 1)))
    for number, state in image.each():
        own = {path: entry.size for path, entry in state.tree.items() if entry.layer == number}
        for node in range(len(image.index)):
            path = image.index.path(node)
            below = sum(size for other, size in own.items() if is_below(other, path))
            assert image.index.written_below(node, number) == below
            assert next(tree.written_sizes([node], number)) == below + own.get(path, 0)


@given(stacks)
@settings(max_examples=40)
def test_what_a_layer_hid_adds_up_by_folder_without_bytes_that_a_hard_link_still_shows(stack: list[list[Item]]) -> None:
    image = built(stack)
    tree = LayeredTree(image.index, image.overlay.tables, tuple(range(len(stack) + 1)))
    before = State({}, {}, {}, FileEntry(b"", Kind.DIR))
    for number, state in image.each():
        still_shown = {(file.path, file.layer) for file in (*state.tree.values(), *state.files.values())}
        for node in range(len(image.index)):
            path = image.index.path(node)
            file = before.files.get(path, before.tree.get(path))
            is_hidden = file is not None and state.change(path) and (file.path, file.layer) not in still_shown
            hidden = before.sizes()[path] if is_hidden else 0
            written = sum(
                entry.size for other, entry in state.tree.items() if entry.layer == number and is_below(other, path)
            )
            hidden += before.size_below(path) + written - state.size_below(path)
            assert next(tree.hidden_sizes([node], number)) == max(0, hidden)
        before = state


@given(stacks)
@settings(max_examples=40)
def test_every_hard_link_agrees_with_stacking_from_scratch(stack: list[list[Item]]) -> None:
    image = built(stack)
    tree, nodes = LayeredTree(image.index, image.overlay.tables, tuple(range(len(stack) + 1))), {}
    for node in range(len(image.index)):
        nodes.update(dict.fromkeys(image.index.occurrences(node), node))
    for number, state in image.each():
        found = {}
        for node in range(len(image.index)):
            link = image.index.occurrence(node, number)
            if link in image.index.link_targets and (file := tree.file_behind(link)) >= 0:
                found[image.index.path(node)] = image.entry_of(file, nodes[file])
        assert found == state.files


@given(stacks)
@settings(max_examples=40)
def test_nodes_are_in_preorder_with_children_sorted_by_bytes(stack: list[list[Item]]) -> None:
    index = built(stack).index
    everything = [index.path(node) for node in range(len(index))]
    assert everything == sorted(everything, key=lambda path: path.split(b"/") if path else [])
    assert len(set(everything)) == len(everything)
    for node, path in enumerate(everything):
        below = [other for other in range(len(index)) if is_below(everything[other], path)]
        assert list(range(node + 1, index.ends[node])) == below
        assert index.depths[node] == len(path.split(b"/")) if path else index.depths[node] == 0
        assert index.name(node) == path.rpartition(b"/")[2]
        assert index.path(index.parents[node]) == path.rpartition(b"/")[0]
        assert list(index.children(node)) == [other for other in below if index.parents[other] == node]
        assert [everything[other] for other in index.ancestors(node)] == _folders_above(path)


def _folders_above(path: bytes) -> list[bytes]:
    folder = path.rpartition(b"/")[0]
    return [folder, *_folders_above(folder)] if folder else []


@given(stacks, paths)
@settings(max_examples=40)
def test_every_path_of_any_layer_is_found_and_no_other_has_occurrences(
    stack: list[list[Item]], stranger: bytes
) -> None:
    image = built(stack)
    index = image.index
    ever = {path for state in image.states for path in state.tree}
    for node in range(len(index)):
        path = index.path(node)
        assert index.find(path) == node
        assert bool(index.occurrences(node)) == (path in ever or not path)
    assert all(index.find(path) is not None for path in ever)
    assert stranger in ever or index.find(stranger) is None or not index.occurrences(index.find(stranger) or 0)


@given(stacks)
@settings(max_examples=40)
def test_the_occurrences_of_a_node_come_in_the_order_of_layers_and_one_a_layer(stack: list[list[Item]]) -> None:
    index = built(stack).index
    for node in range(len(index)):
        numbers = [index.layers[occurrence] for occurrence in index.occurrences(node)]
        assert numbers == sorted(set(numbers))
        for number in range(1, len(stack) + 1):
            own = index.own_occurrence(node, number)
            assert (own >= 0) == (number in numbers)
            assert own < 0 or index.layers[own] == number


@given(stacks)
@settings(max_examples=50)
def test_the_order_of_whiteouts_in_a_layer_changes_nothing(stack: list[list[Item]]) -> None:
    first = [[item for item in contents if not isinstance(item, FileEntry)] for contents in stack]
    last = [[item for item in contents if isinstance(item, FileEntry)] for contents in stack]
    there = built([[*hiding, *writing] for hiding, writing in zip(first, last, strict=True)])
    back = built([[*writing, *reversed(hiding)] for hiding, writing in zip(first, last, strict=True)])
    assert there.tallies == back.tallies
    assert there.index.changes == back.index.changes
    assert there.index.rows == back.index.rows


def index_of(*layers: LayerEntries) -> PathIndex:
    return build_path_index(stacked(*layers).overlay)


def node_of(index: PathIndex, path: bytes) -> int:
    node = index.find(path)
    assert node is not None
    return node


def test_an_empty_image_has_a_root_and_nothing_else() -> None:
    index = index_of()
    assert len(index) == 1
    assert index.find(b"") == 0
    assert list(index.children(0)) == []
    assert index.size_below(0, 3) == 0


@pytest.mark.parametrize("path", [b"etc", b"usr/local", b"usr/bin/", b"/usr", b"usr//bin", b"usr/bin/sh/x", b"z"])
def test_a_path_that_no_layer_has_is_not_found(path: bytes) -> None:
    assert index_of(layer(file("usr/bin/sh"), file("usr/share"), directory("var"))).find(path) is None


def test_the_size_of_a_folder_follows_each_layer() -> None:
    index = index_of(
        layer(file("d/a", 5), file("d/e/b", 7)),
        layer(file("x", 1)),
        layer(file("d/a", 2), hardlink("d/h", "d/a"), symlink("d/s", "a")),
        layer(whiteout("d/e")),
        layer(whiteout("d")),
    )
    folder = node_of(index, b"d")
    assert [index.size_below(folder, number) for number in range(7)] == [0, 12, 12, 9, 2, 0, 0]
    assert [index.touches_below(folder, number) for number in range(7)] == [0, 1, 0, 1, 1, 1, 0]
    assert [index.size_below(0, number) for number in range(7)] == [0, 12, 13, 10, 3, 1, 1]


def test_a_layer_that_repeats_directories_touches_nothing() -> None:
    index = index_of(layer(directory("d/e"), file("d/a", 5)), layer(directory("d"), directory("d/e")))
    assert [index.touches_below(node, 2) for node in range(len(index))] == [False] * 4
    assert index.size_below(node_of(index, b"d"), 2) == 5


def test_three_thousand_nested_folders_are_indexed() -> None:
    path = "/".join(["d"] * 3000)
    index = index_of(layer(file(f"{path}/f", 3)), layer(whiteout("d/d")))
    leaf = node_of(index, f"{path}/f".encode())
    assert index.depths[leaf] == 3001
    assert index.path(leaf) == f"{path}/f".encode()
    assert [index.size_below(node_of(index, b"d"), number) for number in (1, 2)] == [3, 0]


def test_claimed_sizes_that_add_up_to_more_than_64_bits_are_summed_exactly() -> None:
    claimed = (1 << 63) - 1
    index = built([[file(f"d/{name}", size=claimed) for name in "abcde"], [whiteout("d/a")]]).index
    folder = index.find(b"d")
    assert folder is not None
    assert [index.size_below(folder, number) for number in (1, 2)] == [5 * claimed, 4 * claimed]
    assert [index.size_below(0, number) for number in (1, 2)] == [5 * claimed, 4 * claimed]


@given(stacks)
@settings(max_examples=20)
def test_columns_have_the_types_that_the_struct_declares(stack: list[list[Item]]) -> None:
    index, empty = built(stack).index, PathIndex()
    types = [getattr(column, "typecode", type(column)) for column in columns_of(index)]
    assert types == [getattr(column, "typecode", type(column)) for column in columns_of(empty)]
