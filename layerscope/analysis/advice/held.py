"""What each layer holds in some places of the image."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from layerscope.analysis.advice.advice import Evidence
from layerscope.analysis.tree.path_index import PathIndex


@dataclass(slots=True)
class Held:
    """The bytes of one layer's files in some places: live, dead, by place; of the dead ones, by who hid them."""

    live: int = 0
    dead: int = 0
    places: dict[int, int] = field(default_factory=dict)
    hiding_layers: dict[int, int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """All bytes."""
        return self.live + self.dead

    @property
    def hidden_by(self) -> int | None:
        """The layer that hid most of what is dead."""
        return max(self.hiding_layers, key=self.hiding_layers.__getitem__, default=None)

    def paths(self, index: PathIndex) -> list[bytes]:
        """Return the paths of the places, the heaviest first."""
        return [index.path(node) for node in sorted(self.places, key=lambda node: (-self.places[node], node))]

    def add(self, place: int, size: int, hidden_by: int | None = None) -> None:
        """Count a file."""
        self.places[place] = self.places.get(place, 0) + size
        if hidden_by is None:
            self.live += size
        else:
            self.dead += size
            self.hiding_layers[hidden_by] = self.hiding_layers.get(hidden_by, 0) + size


def held_live(evidence: Evidence, nodes: Iterable[int]) -> dict[int, Held]:
    """Return by layer what of it the final image shows at or below the nodes."""
    live, ends, found = evidence.live, evidence.tree.index.ends, dict[int, Held]()
    for node in nodes:
        for place in live.below(node, ends[node]):
            if live.sizes[place]:
                found.setdefault(live.layers[place], Held()).add(node, live.sizes[place])
    return found


def held(evidence: Evidence, nodes: Sequence[int]) -> dict[int, Held]:
    """Return by layer what of it lies, or lay, at or below the nodes."""
    found, ends = held_live(evidence, nodes), evidence.tree.index.ends
    for node in nodes:
        for entry in evidence.dead.below(node, ends[node]):
            found.setdefault(entry.writer, Held()).add(node, entry.size, entry.hidden_by)
    return found
