"""The request of a user to open an image."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from layerscope.model.engine import Engine
from layerscope.model.image import Image, Layer
from layerscope.model.span import FileSpan
from layerscope.text import short_name

if TYPE_CHECKING:
    from layerscope.sources.image.outline import Outline

STANDARD_INPUT = "-"


class KnownImages(Protocol):
    """The images that earlier runs have read."""

    def engine_image(self, engine_key: str) -> Image | None:
        """Return an engine's image, if its layers are known; they have no content then."""

    def outline(self, archive: FileSpan) -> "Outline | None":
        """Return the outline of a compressed archive, if it is known."""

    def has_layers(self, layers: Sequence[Layer]) -> bool:
        """Return whether the entries of all the layers are known."""


class Request(Struct, frozen=True):
    """A reference as the user typed it, and the options that say where to look: the engine, the platform.

    The layers of ``known`` images are not asked for before their content is needed.
    """

    reference: str
    engine: Engine | None = None
    platform: str | None = None
    known: KnownImages | None = None

    @property
    def title(self) -> str:
        """The name for messages."""
        return "standard input" if self.reference == STANDARD_INPUT else short_name(self.reference)
