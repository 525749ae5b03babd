"""The files that a size report compares, found before the tree is built."""

from collections.abc import Iterator, Sequence

from layerscope.analysis.size.duplicates import duplicate_candidates
from layerscope.analysis.tree.overlay import Overlay
from layerscope.model.columns import picked
from layerscope.model.entries import Kind

_FILE = int(Kind.FILE)
"""To compare with a column."""


def compared_files(overlay: Overlay) -> Iterator[int]:
    """Yield the occurrences of the files whose bytes a size report is likely to compare, some of them twice.

    Those are files of equal size that the final image shows, and files that were written again in the same size.
    """
    rows, layers = overlay.rows, overlay.layers
    kinds = {layer: table.kinds for layer, table in overlay.tables.items()}
    sizes = {layer: table.sizes for layer, table in overlay.tables.items()}

    def sizes_of(occurrences: Sequence[int]) -> list[int]:
        """Return the sizes of files; 0 for everything else."""
        columns = picked(rows, occurrences), picked(layers, occurrences)
        return [
            sizes[layer][row] if row >= 0 and kinds[layer][row] == _FILE else 0
            for row, layer in zip(*columns, strict=True)
        ]

    for group in duplicate_candidates(sizes_of(overlay.current)).groups:
        yield from (overlay.current[path] for path in group)
    hiding, hidden = overlay.hiding_occurrences, picked(overlay.befores, overlay.hiding_occurrences)
    for size, new_size, *pair in zip(sizes_of(hidden), sizes_of(hiding), hidden, hiding, strict=True):
        if size == new_size > 0:
            yield from pair
