"""Paths in all layers, compared with layers that are stacked in the slow and simple way."""

from itertools import pairwise

from hypothesis import given, settings

from layerscope.analysis.search.found_paths import FoundPath, Wanted, find_paths
from layerscope.analysis.search.query import parse_query
from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.index_building import build_path_index
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.text import path_text
from tests.analysis.entries import Item, directory, file, layer, stacked, whiteout
from tests.analysis.tree.test_path_index import stacks
from tests.oracle import State, restacked


def tree_of(*layers: list[Item]) -> LayeredTree:
    overlay = stacked(*(layer(*items) for items in layers)).overlay
    return LayeredTree(build_path_index(overlay), overlay.tables, tuple(range(1, len(layers) + 1)))


def expected(states: list[State]) -> list[FoundPath]:
    """Return every change of every layer, without nodes and occurrences."""
    found = []
    for layer_number, (before, after) in enumerate(pairwise(states), 1):
        for path, change in after.changes.items():
            if change is ChangeKind.UNCHANGED:
                continue
            is_removal = change is ChangeKind.REMOVED
            entry = (before if is_removal else after).shown[path]
            later = (number for number, state in enumerate(states) if number > layer_number and state.change(path))
            hidden_by = None if is_removal else next(later, None)
            found.append(FoundPath(0, 0, layer_number, change, entry, hidden_by))
    return sorted(found, key=lambda each: (path_text(each.entry.path), each.layer))


def plain(found: FoundPath) -> tuple[object, ...]:
    entry = found.entry
    facts = entry.path, entry.kind, entry.size, entry.mode, entry.uid, entry.link
    return *facts, found.layer, found.change, found.hidden_by, found.is_live


@given(stacks)
@settings(max_examples=60)
def test_every_change_of_every_layer_is_found(layers: list[list[Item]]) -> None:
    states = restacked(layers)
    found = list(find_paths(tree_of(*layers), Wanted()))
    assert list(map(plain, found)) == list(map(plain, expected(states)))
    assert {each.entry.path for each in found if each.is_live} == states[-1].tree.keys()


def names(tree: LayeredTree, wanted: Wanted) -> list[tuple[str, int]]:
    return [(found.entry.path.decode(), found.layer) for found in find_paths(tree, wanted)]


def test_what_is_searched_for_is_named_by_layer_state_and_tests() -> None:
    tree = tree_of(
        [directory("a"), file("a/key", 4), file("a-key", 9)],
        [directory("a"), file("a/key", 5)],
        [whiteout("a/key")],
    )
    query = parse_query("key")
    assert query is not None
    assert names(tree, Wanted([query])) == [("a-key", 1), ("a/key", 1), ("a/key", 2), ("a/key", 3)]
    assert names(tree, Wanted(layer=2)) == [("a/key", 2)], "the folder is only repeated"
    assert names(tree, Wanted(live=True)) == [("a", 1), ("a-key", 1)]
    assert names(tree, Wanted(live=False)) == [("a/key", 1), ("a/key", 2)]
    assert names(tree, Wanted([query], [lambda entry: entry.size == 5])) == [("a/key", 2), ("a/key", 3)]
    other = parse_query("a/")
    assert other is not None
    assert len(names(tree, Wanted([query, other]))) == len(names(tree, Wanted([query]))), "any of the patterns"
