"""An image of a local engine, as the engine lists it."""

from dataclasses import dataclass

from layerscope.model.engine import Engine


@dataclass(frozen=True, slots=True)
class LocalImage:
    """One image of an engine; ``created`` in seconds since 1970, sizes in bytes as the engine counts them.

    ``shared_size`` is that of the layers that other images of the engine hold as well, ``layers`` their number.
    """

    engine: Engine
    tags: tuple[str, ...]
    image_id: str
    size: int | None
    created: int | None
    shared_size: int | None = None
    layers: int | None = None

    @property
    def reference(self) -> str:
        """The reference that opens the image."""
        return f"{self.engine}://{self.tags[0] if self.tags else self.image_id}"

    @property
    def unique_size(self) -> int | None:
        """The bytes that removing the image would free."""
        return None if self.size is None or self.shared_size is None else max(0, self.size - self.shared_size)
