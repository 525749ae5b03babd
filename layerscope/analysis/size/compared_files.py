"""The files that a size report compares, found before the tree is built."""

from collections.abc import Iterator

from layerscope.analysis.size.duplicates import duplicate_candidates
from layerscope.analysis.tree.overlay import Overlay
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

    def size(occurrence: int) -> int:
        """Return the size of a file; -1 for everything else."""
        row, layer = rows[occurrence], layers[occurrence]
        return sizes[layer][row] if row >= 0 and kinds[layer][row] == _FILE else -1

    shown = [occurrence for occurrence in overlay.current if occurrence >= 0 and size(occurrence) > 0]
    for group in duplicate_candidates(map(size, shown)).groups:
        yield from (shown[place] for place in group)
    for hiding in overlay.hiding_occurrences:
        hidden = overlay.befores[hiding]
        if size(hidden) == size(hiding) > 0:
            yield from (hidden, hiding)
