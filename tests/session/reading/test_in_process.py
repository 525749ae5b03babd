"""The layers of an image, read one after another."""

import pytest

from layerscope.model.image import Layer
from layerscope.session.reading import in_process
from layerscope.session.reading.in_process import read_layers
from layerscope.session.reading.known_layers import KnownLayers
from tests.analysis.counting import counted_calls


def test_the_cost_of_many_layers_is_linear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_process, "processes_at_once", lambda: 2)
    costs = []
    for count in (300, 600):
        layers = [Layer(number, None, None, problem="its blob is missing") for number in range(1, count + 1)]
        with counted_calls() as calls:
            assert [number for number, _ in read_layers(layers, KnownLayers(None, layers, ""))] == [
                layer.number for layer in layers
            ]
        costs.append(calls[0])
    assert costs[1] < 3 * costs[0]
