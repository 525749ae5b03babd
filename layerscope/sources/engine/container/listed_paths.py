"""Paths as an engine lists the changes of a container: each byte that is not UTF-8 is U+FFFD there."""

import re
from collections import deque
from collections.abc import Sequence
from functools import cached_property

from layerscope.model.entries import LayerEntries
from layerscope.model.image import Layer
from layerscope.sources.layer.reader import read_layer

REPLACEMENT = "\ufffd"
UNLISTED_BY_PODMAN = tuple(
    b"dev etc/hostname etc/hosts etc/mtab etc/resolv.conf proc run run/.containerenv run/notify run/secrets sys".split()
)
"""Paths that podman never lists as changes, though a commit keeps them.

https://github.com/containers/podman/blob/main/libpod/diff.go
"""

_SURROGATES = re.compile("[\udc80-\udcff]")


def as_listed(path: bytes) -> str:
    """Return a path of the image as an engine lists it."""
    return "/" + _SURROGATES.sub(REPLACEMENT, path.decode("utf-8", "surrogateescape"))


class LowerPaths:
    """The paths that the layers below a container's own hold; the layers are read on first use."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = layers

    def __contains__(self, path: bytes) -> bool:
        return path in self._all

    def listed_as(self, listed: str) -> list[bytes]:
        """Return the paths that an engine lists like that; a name without U+FFFD is that of one path."""
        if REPLACEMENT not in listed:
            return [listed.removeprefix("/").encode()]
        return self._odd.get(listed, [])

    @cached_property
    def _all(self) -> set[bytes]:
        paths = set[bytes]()
        for layer in self._layers:
            entries = LayerEntries()
            deque(read_layer(layer, entries), maxlen=0)
            paths.update(entries.paths)
        return paths

    @cached_property
    def _odd(self) -> dict[str, list[bytes]]:
        odd = dict[str, list[bytes]]()
        for path in self._all:
            listed = as_listed(path)
            if REPLACEMENT in listed:
                odd.setdefault(listed, []).append(path)
        return odd
