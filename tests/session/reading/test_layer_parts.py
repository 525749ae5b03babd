"""Layers read by several processes."""

from pathlib import Path

import pytest

from layerscope.model.entries import LayerEntries
from layerscope.model.image import Compression, FileSpan, Layer
from layerscope.session.reading.layer_parts import leaves_cores_idle, read_in_processes
from layerscope.session.reading.layer_reading import read_whole
from layerscope.sources.tar import blocks
from tests.builders import compressed, file, layer
from tests.listings import listing

EVEN, UNEVEN = [50, 50, 50], [900, 20, 20]


def gzip_layers(path: Path, counts: list[int]) -> list[Layer]:
    """Return compressed layers with so many files."""
    layers = []
    for number, count in enumerate(counts, 1):
        blob = path / f"{number}"
        blob.write_bytes(compressed(layer(*(file(f"{n}", b"x" * n) for n in range(count))), Compression.GZIP))
        layers.append(Layer(number, FileSpan.of_file(str(blob), blob.stat()), Compression.GZIP))
    return layers


@pytest.mark.parametrize(("counts", "is_ahead"), [(EVEN, False), (UNEVEN, True), ([50], True)])
def test_a_thread_decompresses_ahead_where_a_core_is_left_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counts: list[int], *, is_ahead: bool
) -> None:
    layers = gzip_layers(tmp_path, counts)
    assert leaves_cores_idle(layers, 2) == is_ahead
    whole = [listing(read_whole(each)) for each in layers]
    monkeypatch.setattr(blocks, "_LEAST_AHEAD", 0)
    read = {each.number: result for each, result in read_in_processes(layers, iter(layers), 2)}
    results = [read[each.number] for each in layers]
    assert [listing(result) for result in results if isinstance(result, LayerEntries)] == whole
