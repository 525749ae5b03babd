"""The names that skopeo gives to files and folders: ``docker-archive:PATH[:REF]``, ``oci:PATH[:REF]``, ``dir:PATH``.

https://github.com/containers/image/blob/main/docs/containers-transports.5.md
"""

import os
from collections.abc import Sequence
from typing import NamedTuple

from layerscope.errors import ImageNotFound
from layerscope.model.candidate import Candidate
from layerscope.sources.image.choice import named
from layerscope.text import short_name

_TRANSPORTS = ("docker-archive:", "oci-archive:", "oci:", "dir:")
"""The format is detected from the content, so that all of them are a path, and some an image in it."""


class TransportPath(NamedTuple):
    """A path, and the image in it: a tag, or ``@N`` for its position."""

    path: str
    image: str

    def select(self, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """Return the candidates that the reference names; raises ImageNotFound where there is none."""
        if not self.image:
            return tuple(candidates)
        position = self.image.removeprefix("@")
        if self.image.startswith("@") and position.isdecimal():
            found = list(candidates)[int(position) :][:1]
        else:
            found = named(candidates, self.image)
        if not found:
            raise ImageNotFound(f"{short_name(self.path)} holds no image {short_name(self.image)}")
        return tuple(found)


def parse_location(reference: str) -> TransportPath | None:
    """Return the path and the image of a transport's name; None for anything else.

    A path may hold colons, so that the longest one that exists is taken.
    """
    transport = next(filter(reference.startswith, _TRANSPORTS), None)
    if transport is None:
        return None
    rest = reference.removeprefix(transport)
    path, image = rest, ""
    while ":" in path and not os.path.lexists(path):
        path, _, last = path.rpartition(":")
        image = f"{last}:{image}" if image else last
    return TransportPath(path, image) if os.path.lexists(path) else TransportPath(*rest.partition(":")[::2])
