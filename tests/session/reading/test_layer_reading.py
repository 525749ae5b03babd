"""The layers of an image, read one after another."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from layerscope.model.entries import LayerEntries
from layerscope.model.image import Compression, FileSpan, Layer
from layerscope.session.reading import layer_reading
from layerscope.session.reading.known_layers import KnownLayers
from layerscope.session.reading.layer_reading import read_as_ordered, read_layers
from tests.analysis.counting import counted_calls
from tests.builders import file, layer


def layers_of(path: Path, *names: str) -> list[Layer]:
    """Return layers of one file each; those of equal names are one blob."""
    blobs = {name: path / name for name in names}
    for name, blob in blobs.items():
        blob.write_bytes(layer(file(name)))
    return [
        Layer(number, FileSpan.of_file(str(blobs[name]), blobs[name].stat()), Compression.NONE)
        for number, name in enumerate(names, 1)
    ]


def test_layers_that_share_a_blob_are_read_once(tmp_path: Path) -> None:
    layers = layers_of(tmp_path, "a", "b", "a", "a")
    numbers, entries = zip(*read_layers(layers, KnownLayers(None, layers, "")), strict=True)
    assert numbers == (1, 2, 3, 4)
    assert [list(each.paths) for each in entries] == [[b"a"], [b"b"], [b"a"], [b"a"]]
    assert entries[0] is entries[2] is entries[3]


def test_the_first_layer_of_the_order_that_has_a_blob_decides_when_it_is_read(tmp_path: Path) -> None:
    layers = layers_of(tmp_path, "a", "b", "c", "a")
    order = iter([layers[3], *layers[:3]])
    read = read_as_ordered(layers, order, KnownLayers(None, layers, ""))
    assert [each.number for each, result in read if isinstance(result, LayerEntries)] == [1, 4, 2, 3]


def test_a_layer_that_cannot_be_read_shares_nothing_with_one_of_the_same_blob(tmp_path: Path) -> None:
    (readable,) = layers_of(tmp_path, "a")
    layers = [replace(readable, number=1, compression=None, problem="it is encrypted"), replace(readable, number=2)]
    assert [each.error for _, each in read_layers(layers, KnownLayers(None, layers, ""))] == ["it is encrypted", None]


def test_the_cost_of_many_layers_is_linear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_reading, "processes_at_once", lambda: 2)
    costs = []
    for count in (300, 600):
        layers = [Layer(number, None, None, problem="its blob is missing") for number in range(1, count + 1)]
        with counted_calls() as calls:
            assert [number for number, _ in read_layers(layers, KnownLayers(None, layers, ""))] == [
                layer.number for layer in layers
            ]
        costs.append(calls[0])
    assert costs[1] < 3 * costs[0]
