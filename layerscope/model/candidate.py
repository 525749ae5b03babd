"""An image that could be opened, where a source may hold several."""

from collections.abc import Callable

from msgspec import Struct

from layerscope.model.documents import Digest, Platform
from layerscope.model.image import Image
from layerscope.text import short_name

_MOST_TAGS = 3
"""Tags of one image that a list of images shows."""


class Candidate(Struct, frozen=True):
    """One image of a source.

    ``indexes`` are the indexes that lead to the image. ``complete`` is false if blobs of it are missing. ``set_aside``
    says, for something that is not an image (an attestation, say), what it is instead. ``fallback`` marks an image that
    only the ``index.json`` of a Docker archive lists: it is opened only if the user asks for it. ``build`` reads the
    documents, and raises FormatError if they are broken or missing; ``salvage`` builds what is left of the image then.
    """

    build: Callable[[], Image]
    tags: tuple[str, ...] = ()
    platform: Platform | None = None
    digest: Digest | None = None
    config_digest: Digest | None = None
    indexes: frozenset[Digest] = frozenset()
    complete: bool = True
    set_aside: str | None = None
    fallback: bool = False
    salvage: Callable[[], Image] | None = None

    @property
    def tag_list(self) -> str:
        """The tags in a readable length, safe for a screen; empty if there are none."""
        more = len(self.tags) - _MOST_TAGS
        return ", ".join(map(short_name, self.tags[:_MOST_TAGS])) + (f" and {more:,} more" if more > 0 else "")

    @property
    def label(self) -> str:
        """One line for a list of choices: tags, platform, digest; safe for a screen."""
        digest = self.digest or self.config_digest
        words = [
            self.tag_list or "(no tag)",
            short_name(str(self.platform or "")) or "(no platform)",
        ]
        words += [str(digest)] if digest else []
        words += [f"({self.problem})"] if self.problem else []
        return "  ".join(words)

    @property
    def problem(self) -> str:
        """A few words for what is not an image, or for what it lacks; else empty."""
        return self.set_aside or ("" if self.complete else "not all of its blobs are there")

    def is_of(self, image: Image) -> bool:
        own, built = (self.digest, self.config_digest), (image.digest, image.config_digest)
        pairs = [pair for pair in zip(own, built, strict=True) if None not in pair]
        return bool(pairs) and all(mine == its for mine, its in pairs)
