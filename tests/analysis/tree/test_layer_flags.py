"""Flags of many nodes at once, compared with a look at each node."""

from array import array
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.flags import at_most_flags, equal_flags, steps
from layerscope.analysis.tree.index_building import build_path_index
from layerscope.analysis.tree.layer_flags import MOST_LAYERS
from layerscope.analysis.tree.layered_tree import LayeredTree
from tests.analysis.entries import Item, directory, file, layer, opaque, stacked, symlink, whiteout

paths = st.lists(st.sampled_from("aab"), min_size=1, max_size=3).map("/".join)
items: st.SearchStrategy[Item] = st.one_of(
    st.builds(file, paths),
    st.builds(directory, paths),
    st.builds(symlink, paths, st.just("a")),
    st.builds(whiteout, paths),
    st.builds(opaque, paths),
)
stacks = st.lists(st.lists(items, max_size=8), min_size=1, max_size=5)


def tree_of(*contents: Sequence[Item], first: int = 1) -> LayeredTree:
    """Return the tree of layers whose numbers begin at ``first``."""
    overlay = stacked().overlay
    for number, each in enumerate(contents, first):
        overlay.apply(number, layer(*each))
    return LayeredTree(build_path_index(overlay), overlay.tables, tuple(range(first, first + len(contents))))


def check(tree: LayeredTree, layer: int, nodes: range) -> None:
    index = tree.index
    held = [index.own_occurrence(node, layer) >= 0 for node in nodes]
    changed = [index.change(node, layer) is not ChangeKind.UNCHANGED for node in nodes]
    assert [*tree.shown_flags(nodes, layer)] == [tree.is_shown(node, layer) for node in nodes]
    assert [*tree.touched_flags(nodes, layer, copies=False)] == changed
    assert [*tree.touched_flags(nodes, layer, copies=True)] == held
    assert index.folders_touched(nodes, layer) == {node for node in nodes if index.touches_below(node, layer)}


@given(st.data(), stacks, st.sampled_from([1, MOST_LAYERS - 2, 65_000]))
@settings(max_examples=120)
def test_flags_are_those_of_each_node(data: st.DataObject, stack: list[list[Item]], first: int) -> None:
    tree = tree_of(*stack, first=first)
    start = data.draw(st.integers(0, len(tree.index)))
    nodes = range(start, data.draw(st.integers(start, len(tree.index))))
    for number in range(first - 1, first + len(stack) + 1):
        check(tree, number, nodes)


def test_a_path_that_its_only_layer_took_back_has_no_flag() -> None:
    tree = tree_of([file("a/b"), file("a"), file("c")])
    taken_back = tree.index.find(b"a/b")
    assert taken_back is not None
    assert not tree.index.occurrences(taken_back)
    check(tree, 1, range(len(tree.index)))


def test_a_path_that_every_layer_writes() -> None:
    tree = tree_of(*([file("a"), file(f"b{number}")] for number in range(MOST_LAYERS)))
    for number in (1, 2, MOST_LAYERS - 1, MOST_LAYERS):
        check(tree, number, range(len(tree.index)))


@pytest.mark.parametrize("value", [0, 1, 255, 256, 257, 65_535])
def test_numbers_of_two_bytes_are_compared(value: int) -> None:
    column = array("H", [0, 1, 2, 254, 255, 256, 257, 511, 512, 65_535])
    assert [*at_most_flags(column, value)] == [number <= value for number in column]
    assert [*equal_flags(column, value)] == [number == value for number in column]


@given(st.lists(st.integers(0, 255)))
def test_the_steps_between_numbers_that_grow(grown: list[int]) -> None:
    column = array("I", [1_000])
    for each in grown:
        column.append(column[-1] + each)
    assert [*steps(column)] == grown
