"""Layers that local images share, and the bases that they stand on."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from layerscope.model.engine import Engine
from layerscope.model.local import LayeredImage, LocalImage, StoredLayer

_CLOSE = 0.05
"""The share by which the sizes of two layers of one instruction may differ for them to be nearly the same."""

_NEARLY_ALL = 0.8
"""The share of its bytes that two bases have to have in common to be nearly the same."""


class SharedLayer(NamedTuple):
    """A layer and the images that hold it; an engine stores it once for each pile of layers that it lies on."""

    engine: Engine
    layer: StoredLayer
    images: tuple[LocalImage, ...]
    copies: int


class OutdatedImage(NamedTuple):
    """An image on a base of whose repository a newer image is here, which the image is not built on."""

    image: LocalImage
    base: LocalImage
    newer: LocalImage
    repository: str


class Base(NamedTuple):
    """The layers that images stand on: those of a local image or else, ``image`` being None, their first one."""

    image: LocalImage | None
    layers: tuple[StoredLayer, ...]
    on_it: list[LocalImage]

    @property
    def images(self) -> list[LocalImage]:
        """The image that is the base, if there is one, and those that are built on it."""
        return [*([] if self.image is None else [self.image]), *self.on_it]

    @property
    def size(self) -> int:
        """The bytes of its layers."""
        return sum(layer.size for layer in self.layers)


class Sharing(NamedTuple):
    """The layers that local images share, by how many images hold them, and similar bases, the largest first."""

    layers: list[SharedLayer]
    outdated: list[OutdatedImage]
    similar: list[tuple[Base, Base]]

    def of(self, images: Iterable[LocalImage]) -> "Sharing":
        """Return what concerns these images."""
        ids = {image.image_id for image in images}
        return Sharing(
            [each for each in self.layers if any(image.image_id in ids for image in each.images)],
            [each for each in self.outdated if each.image.image_id in ids],
            [pair for pair in self.similar if any(image.image_id in ids for base in pair for image in base.images)],
        )


def sharing(images: Sequence[LayeredImage]) -> Sharing:
    """Return what the images share; engines share nothing with each other."""
    layers, outdated, similar = list[SharedLayer](), list[OutdatedImage](), list[tuple[Base, Base]]()
    for engine in dict.fromkeys(each.image.engine for each in images):
        its = [each for each in images if each.image.engine == engine]
        layers += _shared(engine, its)
        base_of = _bases(its)
        outdated += filter(None, (_outdated(each, base_of[each.image.image_id], its) for each in its))
        similar += _similar(_distinct_bases(its, base_of))
    layers.sort(key=lambda shared: (-len(shared.images), -shared.layer.size * shared.copies))
    similar.sort(key=lambda pair: -min(base.size for base in pair))
    return Sharing(layers, outdated, similar)


def _shared(engine: Engine, images: Iterable[LayeredImage]) -> Iterator[SharedLayer]:
    holders: dict[str, dict[str, LocalImage]] = {}
    stored: dict[str, dict[str, StoredLayer]] = {}
    for each in images:
        for layer in each.layers:
            holders.setdefault(layer.diff_id, {})[each.image.image_id] = each.image
            stored.setdefault(layer.diff_id, {})[layer.stored_as] = layer
    for diff_id, copies in stored.items():
        yield SharedLayer(engine, next(iter(copies.values())), tuple(holders[diff_id].values()), len(copies))


def _diff_ids(layers: Iterable[StoredLayer]) -> tuple[str, ...]:
    return tuple(layer.diff_id for layer in layers)


def _bases(images: Sequence[LayeredImage]) -> dict[str, LayeredImage | None]:
    """Return for each image the one with the most layers that it starts with, the newest of several."""
    by_layers: dict[tuple[str, ...], LayeredImage] = {}
    for each in images:
        by_layers.setdefault(_diff_ids(each.layers), each)
    found = {}
    for each in images:
        own = _diff_ids(each.layers)
        starts = (by_layers.get(own[:count]) for count in range(len(own) - 1, 0, -1))
        found[each.image.image_id] = next(filter(None, starts), None)
    return found


def _outdated(each: LayeredImage, base: LayeredImage | None, images: Iterable[LayeredImage]) -> OutdatedImage | None:
    # a release that is built on the one before it is not on an outdated base
    if base is None or base.image.created is None or each.repositories & base.repositories:
        return None
    own = _diff_ids(each.layers)
    newer = [
        other
        for other in images
        if other.repositories & base.repositories
        and (other.image.created or 0) > base.image.created
        and own[: len(other.layers)] != _diff_ids(other.layers)
        and other.image.tags
    ]
    if not newer:
        return None
    newest = max(newer, key=lambda other: other.image.created or 0)
    return OutdatedImage(each.image, base.image, newest.image, min(newest.repositories & base.repositories))


def _distinct_bases(images: Iterable[LayeredImage], base_of: dict[str, LayeredImage | None]) -> list[Base]:
    bases: dict[tuple[str, ...], Base] = {}
    for each in images:
        below = base_of[each.image.image_id]
        layers = each.layers[:1] if below is None else below.layers
        is_base = len(layers) == len(each.layers)
        image = each.image if is_base else None if below is None else below.image
        base = bases.setdefault(_diff_ids(layers), Base(image, layers, []))
        if not is_base:
            base.on_it.append(each.image)
    return list(bases.values())


def _similar(bases: Iterable[Base]) -> Iterator[tuple[Base, Base]]:
    for one, other in combinations(bases, 2):
        pairs = list(zip(one.layers, other.layers, strict=False))
        if all(ours.diff_id == theirs.diff_id for ours, theirs in pairs):
            continue
        alike = [(ours.size, theirs.size) for ours, theirs in pairs if _is_alike(ours, theirs)]
        if alike and all(
            0 < base.size * _NEARLY_ALL <= sum(sizes)
            for base, sizes in zip((one, other), zip(*alike, strict=True), strict=True)
        ):
            yield one, other


def _is_alike(one: StoredLayer, other: StoredLayer) -> bool:
    if one.diff_id == other.diff_id:
        return True
    is_close = abs(one.size - other.size) <= _CLOSE * max(one.size, other.size)
    return is_close and one.instruction == other.instruction
