"""The tags that an engine knows for an image. An image that is exported by its id comes without them."""

from collections.abc import Iterable
from dataclasses import replace

from layerscope.model.candidate import Candidate
from layerscope.model.image import Image
from layerscope.sources.image.name import ImageName

_UNTAGGED = "<none>"


def tags_of(tags: Iterable[str] | None) -> tuple[str, ...]:
    """Return the tags in an engine's answer, which may be missing or stand for none."""
    return tuple(tag for tag in tags or () if not tag.startswith(_UNTAGGED))


def tags_named_first(tags: tuple[str, ...], name: str) -> tuple[str, ...]:
    """Return the tags of an image, the one by which the user named it before the others."""
    named = ImageName.parse(name)
    if named is None or named.digest:
        return tags
    return tuple(sorted(tags, key=lambda tag: (other := ImageName.parse(tag)) is None or other.full != named.full))


def tagged(candidate: Candidate, tags: tuple[str, ...]) -> Candidate:
    """Return a candidate with these tags, whatever its own documents say."""

    def build() -> Image:
        return replace(candidate.build(), tags=tags)

    return replace(candidate, build=build, tags=tags)
