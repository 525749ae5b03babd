"""The layers that an image would have if some of its layers were merged, and others dropped."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from layerscope.analysis.size.hidden import hidden_in_tree, sums_by_key
from layerscope.analysis.size.layers_and_files import BlobShares
from layerscope.analysis.tree.layered_tree import LayeredTree


class Death(NamedTuple):
    """The content bytes that layer ``writer`` holds and that layer ``hidden_by`` was the first to hide for good."""

    writer: int
    hidden_by: int
    size: int


class PlannedLayer(NamedTuple):
    """A layer made of consecutive ``layers``, with the content bytes of each that it still holds."""

    sizes: Mapping[int, int]

    @property
    def content_size(self) -> int:
        return sum(self.sizes.values())


class Plan(NamedTuple):
    """The layers to drop, and those to merge into the layer right below each; none of them is below a dropped one."""

    dropped: Collection[int] = ()
    merged: Collection[int] = ()

    @property
    def first_change(self) -> int | None:
        """The lowest layer that the plan makes another one, or None if it makes none."""
        return min([*self.dropped, *(layer - 1 for layer in self.merged)], default=None)


def deaths(tree: LayeredTree) -> tuple[Death, ...]:
    """Return the dead bytes by the layers that wrote and hid them."""
    layers = tree.index.layers
    sums = sums_by_key(
        ((layers[file], layers[hiding_occurrence]), size) for file, hiding_occurrence, size in hidden_in_tree(tree)
    )
    return tuple(Death(writer, hidden_by, size) for (writer, hidden_by), size in sums.items())


def planned_layers(plan: Plan, sizes: Mapping[int, int], dead: Iterable[Death]) -> list[PlannedLayer]:
    """Return the layers after a plan, given the content bytes of each layer by number, ascending.

    The other instructions are assumed to write what they wrote. What dies inside a merged layer is not in it; a
    dropped layer takes its bytes along, while those that it hid stay where they are.
    """
    groups: list[dict[int, int]] = []
    group_of: dict[int, int] = {}
    for layer, size in sizes.items():
        if layer in plan.dropped:
            continue
        if layer not in plan.merged:
            groups.append({})
        groups[-1][layer] = size
        group_of[layer] = len(groups)
    for death in dead:
        group = group_of.get(death.writer)
        if group is not None and group == group_of.get(death.hidden_by):
            groups[group - 1][death.writer] -= death.size
    return [PlannedLayer(group) for group in groups]


def pull_estimate(layers: Sequence[PlannedLayer], shared: int, shares: BlobShares) -> int | None:
    """Return about how many stored bytes the layers after the first ``shared`` ones have; None if one is unknown."""
    return shares.total({layer: size for planned in layers[shared:] for layer, size in planned.sizes.items()})
