"""The facts that an engine states about one of its images."""

from collections.abc import Iterable

from msgspec import Struct

from layerscope.sources.image.name import ImageName


class Inspected(Struct, frozen=True, rename="pascal"):
    """An image; the id is the digest of the config or, in containerd's store, of the index or manifest."""

    id: str
    repo_tags: list[str] | None = None
    size: int | None = None


def tags_of(tags: Iterable[str] | None) -> tuple[str, ...]:
    """Return the tags, without the placeholder for none."""
    return tuple(tag for tag in tags or () if not tag.startswith("<none>"))


def tags_named_first(tags: tuple[str, ...], name: str) -> tuple[str, ...]:
    """Return the tags of an image, the one by which the user named it before the others."""
    named = ImageName.parse(name)
    if named is None or named.digest:
        return tags
    return tuple(sorted(tags, key=lambda tag: (other := ImageName.parse(tag)) is None or other.full != named.full))
