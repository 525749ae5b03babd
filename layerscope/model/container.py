"""A container of a local engine."""

from msgspec import Struct

from layerscope.model.engine import Engine


class Mount(Struct, frozen=True):
    """A mount of a container: its content is no part of the writable layer. ``kind`` is volume, bind or tmpfs."""

    kind: str
    source: str
    destination: str


class Container(Struct, frozen=True):
    """A container; ``image`` is what it was created from, as the user named it, ``writable_size`` in bytes.

    ``state`` is in the engine's words: created, running, paused, exited.
    """

    engine: Engine
    container_id: str
    name: str
    image: str
    state: str
    writable_size: int | None = None
    mounts: tuple[Mount, ...] = ()

    @property
    def reference(self) -> str:
        """The reference that opens the container."""
        return f"container://{self.engine}/{self.name or self.container_id}"
