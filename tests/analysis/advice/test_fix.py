"""Sentences that several rules of the advice share."""

from collections.abc import Iterable

import pytest

from layerscope.analysis.advice.held import layers_do, named_layers


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([2], "layer 2"),
        ([7, 2, 5, 2], "layers 2, 5 and 7"),
        (range(1, 21), f"layers {str(list(range(1, 20)))[1:-1]} and 20"),
    ],
)
def test_layers_are_named_in_order_and_once(layers: Iterable[int], words: str) -> None:
    assert named_layers(layers) == words


def test_a_sentence_about_many_layers_names_the_first_and_counts_the_others() -> None:
    assert named_layers(range(2, 65_536)).endswith("20, 21 and 65,514 others")
    assert layers_do(range(2, 65_536), "store").endswith(" and 65,514 others store")
    assert named_layers(range(1, 22)).endswith("19, 20 and 1 other")
