"""The cost of an image if lines of its Dockerfile were merged or dropped."""

from functools import cached_property
from typing import NamedTuple

from layerscope.analysis.size.layers_and_files import BlobShares, blob_shares
from layerscope.analysis.size.what_if import Death, Plan, deaths, planned_layers, pull_estimate
from layerscope.session.loaded_image import LoadedImage


class PlannedImage(NamedTuple):
    """An image after a plan: its content bytes, and its lowest layers that a node has already.

    ``pull_size`` estimates the stored bytes of the others; None if that is unknown.
    """

    content_size: int
    shared: int
    pull_size: int | None


class WhatIf:
    """The plans for one image; ``known_layers`` is the number of its lowest layers that a node has."""

    def __init__(self, opened: LoadedImage, known_layers: int) -> None:
        self._opened, self._known_layers = opened, known_layers

    def planned(self, plan: Plan) -> PlannedImage | None:
        """Return the image after a plan; None if the content of a layer is unknown."""
        sizes = {layer: tally.content_size for layer, tally in self._opened.tallies.layers.items()}
        known = {layer: size for layer, size in sizes.items() if size is not None}
        if len(known) < len(sizes):
            return None
        layers = planned_layers(plan, known, self._deaths)
        unchanged = len(known) if plan.first_change is None else plan.first_change - 1
        shared = min(unchanged, self._known_layers)
        return PlannedImage(
            sum(layer.content_size for layer in layers), shared, pull_estimate(layers, shared, self._shares)
        )

    @cached_property
    def _deaths(self) -> tuple[Death, ...]:
        return deaths(self._opened.tree)

    @cached_property
    def _shares(self) -> BlobShares:
        pulled = {layer.number: layer.pull_size for layer in self._opened.image.layers}
        return blob_shares(pulled, self._opened.tallies.layers)
