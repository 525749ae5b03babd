"""What a user asks to open."""

from msgspec import Struct

from layerscope.model.engine import Engine
from layerscope.text import short_name

STANDARD_INPUT = "-"


class Request(Struct, frozen=True):
    """A reference as the user typed it, and the options that say where to look: the engine, the platform."""

    reference: str
    engine: Engine | None = None
    platform: str | None = None

    @property
    def title(self) -> str:
        """The name for messages."""
        return "standard input" if self.reference == STANDARD_INPUT else short_name(self.reference)
