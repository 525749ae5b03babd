"""The Dockerfile of an image as a JSON document: each line with its layers and their sizes."""

from collections.abc import Iterator

from layerscope.analysis.dockerfile.placed import PlacedDockerfile
from layerscope.analysis.tree.tally import Tallies
from layerscope.model.image import Image
from layerscope.report.json_document import SCHEMA_VERSION
from layerscope.session.dockerfile.cache_state import CacheState, cache_word
from layerscope.session.dockerfile.lines import line_costs, unplaced_layers


def dockerfile_document(
    placed: PlacedDockerfile, image: Image, tallies: Tallies, cache: CacheState
) -> dict[str, object]:
    """Return the document; what no line could be found for is ``unplaced``, so that the sizes add up."""
    unplaced = unplaced_layers(placed, image, tallies)
    return {
        "schema_version": SCHEMA_VERSION,
        "source": placed.placed_by.value,
        "base": placed.base,
        "matched": placed.matched,
        "steps": placed.expected,
        "unplaced": {
            "layers": list(unplaced.layers),
            "content_size": unplaced.content_size,
            "dead_size": unplaced.dead_size,
        },
        "lines": list(_lines(placed, tallies, cache)),
    }


def _lines(placed: PlacedDockerfile, tallies: Tallies, cache: CacheState) -> Iterator[dict[str, object]]:
    for cost in line_costs(placed, tallies, cache):
        yield {
            "line": cost.line,
            "text": cost.text,
            "stage": cost.stage,
            "layers": None if cost.layers is None else list(cost.layers),
            "content_size": cost.content_size,
            "dead_size": cost.dead_size,
            "cache": None if cost.is_cached is None else cache_word(cached=cost.is_cached),
            "cause": cost.cause,
        }
