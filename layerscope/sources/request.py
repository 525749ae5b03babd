"""The request of a user to open an image."""

from collections.abc import Callable

from msgspec import Struct

from layerscope.model.engine import Engine
from layerscope.model.image import Image
from layerscope.text import short_name

STANDARD_INPUT = "-"


KnownImages = Callable[[str], Image | None]
"""Returns an engine's image by its ``engine_key``, if its layers are known; they have no content then."""


class Request(Struct, frozen=True):
    """A reference as the user typed it, and the options that say where to look: the engine, the platform.

    An engine is not asked for the layers of ``known`` images before their content is needed.
    """

    reference: str
    engine: Engine | None = None
    platform: str | None = None
    known: KnownImages | None = None

    @property
    def title(self) -> str:
        """The name for messages."""
        return "standard input" if self.reference == STANDARD_INPUT else short_name(self.reference)
