"""Dead bytes: regular files that a layer holds and that the final image does not show."""

from collections.abc import Iterator
from dataclasses import dataclass

from layerscope.analysis.overlay import Overlay
from layerscope.model.entries import Kind


@dataclass(frozen=True, slots=True)
class HiddenFile:
    """A regular file that is dead: its path id, its size, the layer that wrote it and the first one that hid it."""

    path: int
    size: int
    writer: int
    killer: int


def hidden_files(overlay: Overlay) -> Iterator[HiddenFile]:
    """Yield every dead file of a whole stack that has bytes.

    A file that hard links show as well is hidden by the layer that hid the last of them. It costs the paths that were hidden,
    not the paths there are.
    """
    hidden_in = {overlay.befores[hider]: overlay.layers[hider] for hider in overlay.hiders}
    links: dict[int, list[int]] = {}
    for link, file in overlay.link_targets.items():
        links.setdefault(file, []).append(link)
    for occurrence, killer in hidden_in.items():
        row, writer = overlay.rows[occurrence], overlay.layers[occurrence]
        table = overlay.tables[writer]
        if row < 0 or table.kinds[row] != Kind.FILE or not table.sizes[row]:
            continue
        killers = [hidden_in.get(link) for link in links.get(occurrence, ())]
        if None not in killers:
            last = max([killer, *(layer for layer in killers if layer is not None)])
            yield HiddenFile(overlay.paths[occurrence], table.sizes[row], writer, last)


def dead_sizes(overlay: Overlay) -> dict[int, int]:
    """Return by layer the bytes that it wrote and that are dead; layers without any are left out."""
    sizes: dict[int, int] = {}
    for file in hidden_files(overlay):
        sizes[file.writer] = sizes.get(file.writer, 0) + file.size
    return sizes
