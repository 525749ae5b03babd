"""The base image, and the number of layers that came with it.

Annotations: https://github.com/opencontainers/image-spec/blob/main/annotations.md. They name the base but not its
layers; those are known from the base itself, from a number that a user gives, or from what a builder recorded.
"""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from layerscope.errors import UsageError
from layerscope.text import plural

_NAMES = ("org.opencontainers.image.base.name", "image.base.ref.name")
_DIGESTS = ("org.opencontainers.image.base.digest", "image.base.digest")
"""The names of the spec, and those of its drafts."""

_BUILDPACKS = "io.buildpacks.lifecycle.metadata"
"""Buildpacks record the diff_id of the base's last layer: https://github.com/buildpacks/spec/blob/main/platform.md."""


class BaseImage(NamedTuple):
    """A base image: its name and digest as stated, and the number of its layers; None if unknown."""

    name: str | None = None
    digest: str | None = None
    layers: int | None = None


def stated_base(annotations: Mapping[str, str], labels: Mapping[str, str], diff_ids: Sequence[str]) -> BaseImage | None:
    """Return the base image that the annotations of a manifest state, or else the labels of a config."""
    for facts in (annotations, labels):
        name, digest = _first(facts, _NAMES), _first(facts, _DIGESTS)
        if name or digest:
            return BaseImage(name, digest, _buildpacks_layers(labels, diff_ids))
    layers = _buildpacks_layers(labels, diff_ids)
    return None if layers is None else BaseImage(layers=layers)


def _first(facts: Mapping[str, str], names: Sequence[str]) -> str | None:
    return next((facts[name] for name in names if facts.get(name)), None)


def _buildpacks_layers(labels: Mapping[str, str], diff_ids: Sequence[str]) -> int | None:
    try:
        top = json.loads(labels.get(_BUILDPACKS, "null"))["runImage"]["topLayer"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return diff_ids.index(top) + 1 if top in diff_ids else None


def base_by_diff_ids(diff_ids: Sequence[str], base: Sequence[str], name: str) -> BaseImage:
    """Return the base image that the user names; raises UsageError if the image was not built on it."""
    if not base or list(diff_ids[: len(base)]) != list(base):
        raise UsageError(f"{name} is not the base of this image: its layers are not the lowest layers of the image")
    return BaseImage(name, layers=len(base))


def base_by_number(stated: BaseImage | None, layers: int, count: int) -> BaseImage:
    """Return the base image that ends at a layer that the user chose; raises UsageError for an unknown layer."""
    if not 0 <= layers <= count:
        raise UsageError(f"the base cannot end at layer {layers}: the image has {plural(count, 'layer')}")
    return (stated or BaseImage())._replace(layers=layers)
