"""Layers merged and dropped: the content size equals that of the entries stacked anew."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.analysis.size.layers_and_files import BlobShares
from layerscope.analysis.size.what_if import Plan, PlannedLayer, deaths, planned_layers, pull_estimate
from layerscope.model.entries import Kind
from tests.analysis.entries import Item, hardlink, opaque, whiteout
from tests.analysis.size.analyzed import Content, sized, written
from tests.analysis.tree.test_path_index import stacks
from tests.oracle import restacked


def planned(plan: Plan, *layers: Sequence[Content]) -> list[int]:
    """Return the content size of each layer after the plan."""
    image = sized(*layers)
    sizes = {number: tally.content_size or 0 for number, tally in image.tallies.items()}
    return [one.content_size for one in planned_layers(plan, sizes, deaths(image.tree))]


APT: list[list[Content]] = [
    [written("base", size=5)],
    [written("lists", size=90), written("program", size=10)],
    [written("program", size=10, mode=0o755)],
    [whiteout("lists"), written("page", size=1)],
]


@pytest.mark.parametrize(
    ("plan", "sizes"),
    [
        (Plan(), [5, 100, 10, 1]),
        (Plan(merged={3}), [5, 100, 1]),
        (Plan(merged={3, 4}), [5, 11]),
        (Plan(merged={4}), [5, 100, 11]),
        (Plan(dropped={3}), [5, 100, 1]),
        (Plan(dropped={2}, merged={4}), [5, 11]),
        (Plan(dropped={1, 2, 3, 4}), []),
    ],
)
def test_what_dies_inside_a_merged_layer_is_gone_and_a_dropped_layer_takes_its_bytes(
    plan: Plan, sizes: list[int]
) -> None:
    assert planned(plan, *APT) == sizes


def test_bytes_that_a_link_shows_stay_in_the_merged_layer() -> None:
    layers: list[list[Content]] = [[written("a", size=7)], [hardlink("b", "a")], [whiteout("a")], [opaque("")]]
    assert planned(Plan(merged={2, 3}), *layers) == [7, 0]
    assert planned(Plan(merged={2, 3, 4}), *layers) == [0]


@st.composite
def plans(draw: st.DrawFn) -> tuple[list[list[Item]], Plan]:
    layers = draw(stacks)
    dropped, merged = set[int](), set[int]()
    for number in range(1, len(layers) + 1):
        is_above = number > 1 and number - 1 not in dropped
        mark = draw(st.sampled_from(["", "drop", "merge"] if is_above else ["", "drop"]))
        dropped |= {number} if mark == "drop" else set()
        merged |= {number} if mark == "merge" else set()
    return layers, Plan(dropped, merged)


@given(plans())
def test_the_content_size_equals_that_of_the_entries_stacked_anew(case: tuple[list[list[Item]], Plan]) -> None:
    layers, plan = case
    assert planned(plan, *layers) == restacked_sizes(layers, plan)


def restacked_sizes(layers: list[list[Item]], plan: Plan) -> list[int]:
    """Return the same sizes the slow way: without the dropped layers, what is left of each group after its last one."""
    kept = [number for number in range(1, len(layers) + 1) if number not in plan.dropped]
    groups: list[list[int]] = []
    for place, number in enumerate(kept, start=1):
        if number in plan.merged:
            groups[-1].append(place)
        else:
            groups.append([place])
    states = restacked([layers[number - 1] for number in kept])
    sizes = []
    for group in groups:
        state = states[group[-1]]
        shown = [entry for entry in state.tree.values() if entry.kind is Kind.FILE]
        files = {(file.layer, file.path): file.size for file in (*shown, *state.files.values())}
        sizes.append(sum(size for (number, _), size in files.items() if number in group))
    return sizes


def test_what_a_pull_takes_is_estimated_from_the_layers_that_are_not_shared() -> None:
    layers = [PlannedLayer({1: 50}), PlannedLayer({2: 80, 3: 10}), PlannedLayer({4: 0})]
    shares = BlobShares({1: (10, 50), 2: (25, 100), 3: (10, 10), 4: (0, 0)})
    assert pull_estimate(layers, 1, shares) == 20 + 10
    assert pull_estimate(layers, 0, BlobShares({1: (10, 50)})) is None


@pytest.mark.parametrize(
    ("plan", "first"), [(Plan(), None), (Plan(dropped={3}), 3), (Plan(merged={3}), 2), (Plan({5}, {3, 4}), 2)]
)
def test_layers_below_the_first_change_stay_as_they_are(plan: Plan, first: int | None) -> None:
    assert plan.first_change == first
