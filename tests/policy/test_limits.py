"""Rules about figures: the limit itself passes, the verdict has figures and the layers to look at first."""

from collections.abc import Callable
from typing import Any

import pytest

from layerscope.policy import limits
from layerscope.policy.facts import Baseline, CheckedImage
from layerscope.policy.outcome import Outcome, Verdict
from layerscope.policy.rules import Amount, PathPattern, Rules
from tests.builders import file, layer, whiteout
from tests.policy.conftest import Checked

Rule = Callable[[CheckedImage, Any], Verdict]

LAYERS = (
    layer(file("a", b"a" * 400), file("b", b"b" * 100)),
    layer(file("a", b"A" * 300), file("c", b"c" * 50)),
    layer(whiteout("c"), file("d", b"d" * 150)),
)
"""1,000 bytes of content: layer 2 hides 400 of layer 1, layer 3 hides 50 of layer 2."""

FIGURES: list[tuple[Rule, float, float, list[int | None]]] = [
    # the rule, the figure, the step to a limit that fails, the layers to look at
    (limits.min_efficiency, 0.55, 0.001, [1, 2]),
    (limits.max_dead_size, 450, -1, [1, 2]),
    (limits.max_dead_share, 0.45, -0.001, [1, 2]),
    (limits.max_user_dead_share, 450 / 500, -0.001, [1, 2]),
    (limits.max_content_size, 1000, -1, [1, 2, 3]),
    (limits.max_blob_size, sum(map(len, LAYERS)), -1, [1, 2, 3]),
    (limits.max_layer_size, 500, -1, [1]),
    (limits.max_layers, 3, -1, [3]),
]


@pytest.mark.parametrize(("rule", "value", "step", "layers"), FIGURES)
def test_the_figure_itself_passes_and_the_next_limit_fails(
    checked: Checked, rule: Rule, value: float, step: float, layers: list[int | None]
) -> None:
    facts = checked(*LAYERS)
    passed, failed = rule(facts, value), rule(facts, value + step)
    assert (passed.outcome, passed.locations, failed.outcome) == (Outcome.PASSED, (), Outcome.FAILED)
    assert passed.value == failed.value == pytest.approx(value)
    assert failed.excess == pytest.approx(abs(step))
    assert [location.layer for location in failed.locations] == layers
    assert failed.location_count == len(layers)


@pytest.mark.parametrize("rule", [figure[0] for figure in FIGURES if figure[0] is not limits.max_layers])
def test_a_figure_that_depends_on_a_missing_layer_is_unknown(checked: Checked, rule: Rule) -> None:
    verdict = rule(checked(*LAYERS, lost=2), 0.001 if rule is limits.min_efficiency else 1_000_000)
    assert (verdict.outcome, verdict.value, verdict.excess) == (Outcome.UNKNOWN, None, None)
    assert verdict.text.endswith("not all layers could be read")


@pytest.mark.parametrize("rule", [limits.max_content_size, limits.max_layer_size])
def test_a_limit_that_the_other_layers_exceed_fails_in_spite_of_a_missing_one(checked: Checked, rule: Rule) -> None:
    verdict = rule(checked(*LAYERS, lost=2), 499)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.locations[0].layer == 1


def test_an_image_without_content_is_efficient(checked: Checked) -> None:
    facts = checked(layer())
    assert limits.min_efficiency(facts, 1).outcome is Outcome.PASSED
    assert limits.max_dead_share(facts, 0).outcome is Outcome.PASSED


def test_ignored_paths_count_as_content_and_not_as_dead(checked: Checked) -> None:
    facts = checked(*LAYERS, rules=Rules(ignore=[PathPattern("/a")]))
    assert limits.max_dead_size(facts, 50).value == 50
    assert limits.max_dead_share(facts, 1).value == pytest.approx(0.05)


def test_the_dead_bytes_of_the_user_are_those_that_layers_above_the_base_hide(checked: Checked) -> None:
    assert limits.max_user_dead_share(checked(*LAYERS, base=0), 1).value == pytest.approx(450 / 1000)
    assert limits.max_user_dead_share(checked(*LAYERS, base=2), 1).value == pytest.approx(50 / 150)
    assert limits.max_user_dead_share(checked(*LAYERS, base=3), 1).value == 0


def test_layers_of_the_base_are_not_proposed_for_merging(checked: Checked) -> None:
    assert [location.layer for location in limits.max_layers(checked(*LAYERS, base=2), 1).locations] == [3]


def test_a_verdict_names_ten_locations_and_counts_all(checked: Checked) -> None:
    verdict = limits.max_layer_size(checked(*(layer(file(f"f{number}", b"1")) for number in range(12))), 0)
    assert (len(verdict.locations), verdict.location_count) == (limits.MOST_LOCATIONS, 12)


GROWTH = [
    # the content of the baseline, the limit, the outcome, the value
    (900, Amount(size=100), Outcome.PASSED, 100),
    (900, Amount(size=99), Outcome.FAILED, 100),
    (800, Amount(share=0.25), Outcome.PASSED, 0.25),
    (800, Amount(share=0.2), Outcome.FAILED, 0.25),
    (1500, Amount(size=0), Outcome.PASSED, -500),
    (0, Amount(share=0.5), Outcome.FAILED, 1.0),
    (None, Amount(size=5), Outcome.UNKNOWN, None),
]


@pytest.mark.parametrize(("size", "limit", "outcome", "value"), GROWTH)
def test_growth_is_measured_in_bytes_or_as_a_share_of_the_baseline(
    checked: Checked, size: int | None, limit: Amount, outcome: Outcome, value: float | None
) -> None:
    known = str(checked(*LAYERS).analysis.image.layers[0].diff_id)
    verdict = limits.max_growth(checked(*LAYERS, baseline=Baseline("old", size, frozenset({known}))), limit)
    assert (verdict.outcome, verdict.value) == (outcome, value if value is None else pytest.approx(value))
    assert [location.layer for location in verdict.locations] == ([2, 3] if outcome is Outcome.FAILED else [])
