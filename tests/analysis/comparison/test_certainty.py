from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.analysis.comparison.certainty import uncertain_rows
from layerscope.analysis.comparison.diff import Diff, find_differences
from layerscope.analysis.comparison.paired_trees import pair_trees
from layerscope.analysis.comparison.pairing import pair_layers
from layerscope.analysis.tree.tree_state import TreeState
from tests.analysis.comparison.compared import FakeBytes, image_of
from tests.analysis.comparison.test_diff import diff_of, stacks
from tests.analysis.entries import Item, directory, file, whiteout


def certain(diff: Diff, old: set[int], new: set[int]) -> dict[bytes, bool]:
    """Return for each path of a diff whether its row is certain."""
    uncertain = uncertain_rows(diff, old, new)
    return {change.path: row not in uncertain for row, change in enumerate(diff)}


@given(stacks, st.data())
@settings(max_examples=40)
def test_a_row_that_is_certain_is_the_same_whatever_the_missing_layer_held(
    stack: list[list[Item]], data: st.DataObject
) -> None:
    missing = data.draw(st.integers(1, len(stack)))
    before, after = data.draw(st.integers(0, len(stack))), data.draw(st.integers(0, len(stack)))
    own = data.draw(st.booleans())
    truth = {change.path: change for change in diff_of(image_of(*stack), before, after, own=own)}
    known = [[] if number == missing else layer for number, layer in enumerate(stack, start=1)]
    diff = diff_of(image_of(*known), before, after, own=own)
    uncertain = uncertain_rows(diff, {missing}, {missing})
    for row, change in enumerate(diff):
        if row not in uncertain:
            real = truth[change.path]
            assert (real.change, real.what, real.size_delta) == (change.change, change.what, change.size_delta)


@given(stacks, stacks, st.data())
@settings(max_examples=24)
def test_a_certain_row_of_two_images_is_the_same_whatever_the_missing_layer_held(
    old: list[list[Item]], new: list[list[Item]], data: st.DataObject
) -> None:
    missing = data.draw(st.integers(1, len(new)))
    known = [[] if number == missing else layer for number, layer in enumerate(new, start=1)]
    truth = {change.path: change for change in _images_diff(old, new)}
    diff = _images_diff(old, known)
    uncertain = uncertain_rows(diff, set(), {missing})
    for row, change in enumerate(diff):
        if row not in uncertain:
            real = truth[change.path]
            assert (real.change, real.what, real.size_delta) == (change.change, change.what, change.size_delta)


def _images_diff(old: list[list[Item]], new: list[list[Item]]) -> Diff:
    before, after = image_of(*old).tree, image_of(*new).tree
    pairing = pair_trees(TreeState(before, len(old)), TreeState(after, len(new)))
    return find_differences(pairing, FakeBytes(before, after))


def test_a_path_that_a_missing_layer_may_hold_is_not_certainly_removed() -> None:
    diff = _images_diff([[file("a"), file("b")]], [[], [file("c")]])
    assert certain(diff, set(), {1}) == {b"a": False, b"b": False, b"c": True}


def test_a_path_that_complete_layers_decide_is_certain() -> None:
    image = image_of([], [file("a", size=1), directory("d"), file("d/f")], [whiteout("a"), file("d")])
    assert certain(diff_of(image, 2, 3), {1}, {1}) == {b"a": True, b"d": True, b"d/f": True}
    assert certain(diff_of(image, 1, 2), {1}, {1}) == {b"a": False, b"d": False, b"d/f": False}


def test_a_layer_above_both_states_does_not_matter() -> None:
    image = image_of([file("a")], [file("b")], [])
    assert certain(diff_of(image, 1, 2), {3}, {3}) == {b"b": True}


def test_contents_that_cannot_be_read_are_uncertain_unless_something_else_differs() -> None:
    image = image_of([file("a", size=1), file("b", size=1)], [file("a", size=1), file("b", size=1, mode=0o600)])
    broken = frozenset(range(len(image.tree.index.layers)))
    diff = find_differences(pair_layers(image.tree, 1, 2), FakeBytes(image.tree, image.tree, broken))
    assert certain(diff, set(), set()) == {b"a": False, b"b": True}
