import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.analysis.comparison.config_and_packages import (
    ConfigChange,
    ConfigFacts,
    PackageChange,
    config_differences,
    package_differences,
)
from layerscope.analysis.comparison.layer_alignment import BuildStep, LayerAlignment, align, common
from layerscope.analysis.tree.change import ChangeKind
from tests.analysis.counting import counted_calls


def image(*steps: str) -> tuple[BuildStep, ...]:
    """Return the steps of a build: ``RUN make=a`` made a layer with the diff_id a, ``ENV x`` made none."""
    told: list[BuildStep] = []
    layers = 0
    for step in steps:
        instruction, _, content = step.partition("=")
        layers += bool(content)
        known = None if instruction == "?" else instruction
        told.append(BuildStep(instruction, known, layers if content else None, content or None))
    return tuple(told)


def rows(alignment: LayerAlignment) -> list[str]:
    return [f"{step.old_layer or '.'} {step.new_layer or '.'} {step.relation} {step.title}" for step in alignment.steps]


def test_layers_are_the_same_by_diff_id_and_changed_by_instruction() -> None:
    old = image("FROM=a", "RUN update=b", "COPY . /=c", "CMD x")
    new = image("FROM=a", "RUN update=b", "COPY . /=d", "CMD x")
    found = align(old, new)
    assert rows(found) == ["1 1 same FROM", "2 2 same RUN update", "3 3 changed COPY . /", ". . same CMD x"]
    assert found.first_change is not None
    assert found.first_change.title == "COPY . /"


def test_a_layer_put_in_between_moves_no_other() -> None:
    old = image("FROM=a", "RUN one=b", "RUN two=c")
    new = image("FROM=a", "RUN zero=z", "RUN one=b2", "RUN two=c")
    found = align(old, new)
    assert rows(found) == ["1 1 same FROM", ". 2 only-new RUN zero", "2 3 changed RUN one", "3 4 same RUN two"]
    assert rows(align(new, old))[1] == "2 . only-old RUN zero"


def test_layers_at_one_place_with_nothing_in_common_do_not_belong_together() -> None:
    found = align(image("FROM=a", "RUN one=b"), image("FROM=a", "RUN two=c"))
    assert rows(found)[1:] == ["2 . only-old RUN one", ". 2 only-new RUN two"]


@pytest.mark.parametrize("digits", [12, 64])
def test_a_different_content_hash_of_the_classic_builder_is_the_same_instruction(digits: int) -> None:
    copies = [f"COPY file:{letter * digits} in /app={letter}" for letter in "ab"]
    assert rows(align(image(copies[0]), image(copies[1])))[0].startswith("1 1 changed COPY")


def test_a_step_has_the_instruction_of_the_image_that_records_it() -> None:
    told, untold = image("RUN make=a"), image("?=a")
    assert rows(align(told, untold)) == rows(align(untold, told)) == ["1 1 same RUN make"]


def test_layers_without_history_are_aligned_by_diff_id_alone() -> None:
    found = align(image("?=a", "?=b"), image("?=a", "?=c"))
    assert rows(found) == ["1 1 same ?", "2 . only-old ?", ". 2 only-new ?"]


def test_a_step_that_made_a_layer_in_one_image_only_has_changed() -> None:
    assert rows(align(image("WORKDIR /a=x"), image("WORKDIR /a"))) == ["1 . changed WORKDIR /a"]


def test_images_that_are_the_same_have_no_first_change() -> None:
    both = image("FROM=a", "ENV x", "RUN=b")
    assert align(both, both).first_change is None


def test_an_empty_layer_that_occurs_often_is_matched_in_order() -> None:
    found = align(image("RUN a=e", "RUN b=e"), image("RUN a=e", "RUN x=y", "RUN b=e"))
    assert rows(found) == ["1 1 same RUN a", ". 2 only-new RUN x", "2 3 same RUN b"]


keys = st.lists(st.sampled_from(["a", "b", "c", None]), max_size=9)


@given(keys, keys)
def test_the_common_subsequence_is_as_long_forwards_as_backwards(old: list[str | None], new: list[str | None]) -> None:
    found = common(old, new)
    assert all(old[one] is not None and old[one] == new[other] for one, other in found)
    assert found == sorted(found)
    assert len({one for one, _ in found}) == len({other for _, other in found}) == len(found)
    assert len(common(old[::-1], new[::-1])) == len(found)


def test_endless_histories_are_aligned_in_no_time() -> None:
    started = time.process_time()
    old = [f"{n}" for n in range(50_000)]
    assert len(common(["x", *old], [*old, "y"])) == 50_000
    assert time.process_time() - started < 3


def test_many_gaps_between_shared_layers_share_one_budget() -> None:
    with counted_calls() as calls:
        align(_gapped("old"), _gapped("new"))
    assert calls[0] < 5_000_000


def _gapped(name: str) -> list[BuildStep]:
    """Return 20 shared layers, each followed by 800 steps that the other image does not have."""
    return [
        BuildStep(f"{name} {layer} {step}", f"{name} {layer} {step}", *((layer + 1, f"id {layer}") if not step else ()))
        for layer in range(20)
        for step in range(801)
    ]


def test_configs_differ_field_by_field_and_name_by_name() -> None:
    before: ConfigFacts = {("cmd", None): ("a", "b"), ("env", "A"): "1", ("env", "GONE"): "", ("user", None): "www"}
    after: ConfigFacts = {("cmd", None): "a b", ("env", "A"): "2", ("user", None): "www", ("env", "NEW"): "x"}
    assert config_differences(before, after) == (
        ConfigChange("cmd", None, ("a", "b"), "a b"),
        ConfigChange("env", "A", "1", "2"),
        ConfigChange("env", "GONE", "", None),
        ConfigChange("env", "NEW", None, "x"),
    )


@pytest.mark.parametrize("shuffle", [1, -1])
def test_packages_come_go_and_change(shuffle: int) -> None:
    old = [("dpkg", "a", "1"), ("dpkg", "b", "1"), ("npm", "m", "1"), ("npm", "m", "2"), ("npm", "s", "1")][::shuffle]
    new = [("dpkg", "a", "2"), ("dpkg", "c", "1"), ("npm", "m", "2"), ("npm", "s", "1")][::shuffle]
    assert package_differences(old, new) == (
        PackageChange("dpkg", "a", ChangeKind.MODIFIED, ("1",), ("2",)),
        PackageChange("dpkg", "b", ChangeKind.REMOVED, ("1",), ()),
        PackageChange("dpkg", "c", ChangeKind.ADDED, (), ("1",)),
        PackageChange("npm", "m", ChangeKind.MODIFIED, ("1", "2"), ("2",)),
    )
