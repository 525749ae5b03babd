import pytest

from layerscope.analysis.comparison.cache_story import cache_story
from layerscope.analysis.comparison.layer_alignment import BuildStep, Relation, align
from tests.analysis.comparison.test_layer_alignment import image


def story(old: tuple[str, ...], new: tuple[str, ...], *answers: bool | None) -> list[str]:
    """Return the sentences on two builds; ``answers`` say for each changed layer whether it holds the same."""
    alignment = align(image(*old), image(*new))
    changed = [step for step in alignment.layers if step.relation is Relation.CHANGED]
    return list(cache_story(alignment, dict(zip(changed, answers, strict=True))))


BASE = ("FROM=a", "RUN update=b", "RUN install=c")


def test_the_step_that_changed_first_is_named_with_its_layer() -> None:
    assert story((*BASE, "COPY . /=d"), (*BASE, "COPY . /=e"), False) == [
        "Layers 1 to 3 are shared.",
        "The build cache missed at layer 4: COPY . / changed first, with different content.",
    ]


def test_two_builds_by_the_same_steps_are_said_to_be_the_same() -> None:
    assert story(BASE, BASE) == ["All 3 layers are shared.", "Both images were built by the same steps."]
    assert story(BASE[:1], BASE[:1])[0] == "The only layer is shared."


def test_the_writable_layer_of_a_container_missed_no_cache() -> None:
    alignment = align(image(*BASE), (*image(*BASE), BuildStep("writable layer of web", None, 4, writable=True)))
    assert list(cache_story(alignment, {})) == [
        "Layers 1 to 3 are shared.",
        "Both images were built by the same steps.",
    ]


def test_layers_that_were_rebuilt_after_the_miss_are_listed_by_their_content() -> None:
    old = ("FROM=a", "COPY . /=1", "RUN one=2", "RUN two=3", "RUN three=4", "RUN four=5")
    new = ("FROM=a", "COPY . /=1x", "RUN one=2x", "RUN two=3x", "RUN three=4", "RUN four=5x")
    assert story(old, new, False, True, True, None) == [
        "Layer 1 is shared.",
        "The build cache missed at layer 2: COPY . / changed first, with different content.",
        "After it, layer 5, RUN three, was shared again.",
        "After it, layers 3 to 4 were rebuilt with the same content.",
        "After it, layer 6, RUN four, was rebuilt and cannot be compared.",
    ]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (("RUN x=b",), ("RUN y=c",), "layer 2: RUN x became RUN y."),
        (("RUN x=b",), (), "layer 2: RUN x is a step of the old image only."),
        ((), ("RUN y=c",), "layer 2: RUN y is a step of the new image only."),
        (("ENV x",), ("ENV y",), "a step without a layer: ENV x became ENV y."),
    ],
)
def test_a_step_that_only_one_image_has_is_named_with_the_step_in_its_place(
    old: tuple[str, ...], new: tuple[str, ...], sentence: str
) -> None:
    assert story(("FROM=a", *old), ("FROM=a", *new))[1] == f"The build cache missed at {sentence}"


def test_images_with_nothing_in_common_share_no_layer() -> None:
    assert story(("FROM=a",), ("FROM=b",), False)[0] == "No layer is shared."


def test_a_long_instruction_is_cut() -> None:
    long = "RUN " + "x" * 500
    assert max(map(len, story(("FROM=a", f"{long}=b"), ("FROM=a", f"{long}=c"), True))) < 150


def test_many_layers_are_counted() -> None:
    old = [f"RUN {number}={number}" for number in range(20)]
    new = [f"RUN {number}={number}x" for number in range(20)]
    assert story(tuple(old), tuple(new), *[True] * 20)[-1] == (
        "After it, 19 layers were rebuilt with the same content."
    )
