"""An image of a local engine, as the engine lists it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LocalImage:
    """One image of an engine; ``size`` in bytes as the engine counts it, ``created`` in seconds since 1970."""

    engine: str
    tags: tuple[str, ...]
    image_id: str
    size: int | None
    created: int | None

    @property
    def reference(self) -> str:
        """The reference that opens the image."""
        return f"{self.engine}://{self.tags[0] if self.tags else self.image_id}"
