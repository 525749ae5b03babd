"""Builds by ``layerscope build``, remembered in the cache for the images that they made.

The Dockerfile and the report on the cache are in no image that was built without provenance.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from layerscope.cache.cache import Cache, RecordKind
from layerscope.model.build_report import BuildReport
from layerscope.model.image import Image


@dataclass(frozen=True, slots=True)
class RememberedDockerfile:
    """The Dockerfile of a build: its absolute ``path``, its text, and the layers of its lines."""

    path: str
    text: str
    target: str | None
    layers: Mapping[int, tuple[int, ...]]
    matched: int
    expected: int


@dataclass(frozen=True, slots=True)
class RememberedBuild:
    """The last build of an image; ``arguments`` are the digests of its build arguments by name: one may be a secret."""

    report: BuildReport
    arguments: Mapping[str, str]
    dockerfile: RememberedDockerfile | None


def remember_build(cache: Cache, image: Image, build: RememberedBuild) -> None:
    """Keep a build for later runs."""
    key = _key(image)
    if key is not None:
        encoded = msgspec.json.encode(build)
        cache.keep(RecordKind.BUILD, key, image.reference, lambda file: file.write(encoded))
        cache.shrink()


def remembered_build(cache: Cache, image: Image) -> RememberedBuild | None:
    """Return the last build of an image, or None if it is not known."""
    key = _key(image)
    record = None if key is None else cache.read(RecordKind.BUILD, key)
    try:
        return None if record is None else msgspec.json.decode(record, type=RememberedBuild)
    except (msgspec.MsgspecError, ValueError):
        return None


def _key(image: Image) -> str | None:
    """Return the config and the layers: an archive could name the config of another image."""
    layers = [str(layer.diff_id) for layer in image.layers]
    return None if image.config_digest is None else " ".join([str(image.config_digest), *layers])
