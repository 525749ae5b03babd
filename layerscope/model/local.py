"""Local images, containers and archives, and the storage of engines."""

from enum import StrEnum

from msgspec import Struct

from layerscope.model.engine import Engine

_OVERLAY = (
    "The first write to a file of a lower layer copies the whole file into the upper layer, and so does a chmod or"
    " chown; a deleted file stays in its layer, hidden by a whiteout."
)
_FULL_COPY = "There is no copy-on-write: each layer is a full copy of the one before, with its own changes applied."
_SNAPSHOT = "A layer is a snapshot that shares unchanged blocks with the one before; a write copies blocks, not files."

_COPY_ON_WRITE = {
    "overlay2": _OVERLAY,
    "overlay": _OVERLAY,
    "overlayfs": _OVERLAY,
    "fuse-overlayfs": _OVERLAY,
    "vfs": _FULL_COPY,
    "native": _FULL_COPY,
    "btrfs": _SNAPSHOT,
    "zfs": _SNAPSHOT,
}


class Storage(Struct, frozen=True):
    """The storage of an image, as its engine reports it; None for what it does not report.

    ``store`` is "graph driver", "containers-storage" or "containerd"; ``driver`` a storage driver, or a snapshotter of
    containerd. ``locations`` are the folders or files that hold the layers, base first, as far as they are known;
    ``namespace`` is the one of containerd that has the image.
    """

    engine: Engine
    store: str
    driver: str | None
    backing_filesystem: str | None = None
    locations: tuple[str, ...] = ()
    namespace: str | None = None

    @property
    def copy_on_write(self) -> str | None:
        """A sentence about a file that a container changes; None for a driver that is not known."""
        return _COPY_ON_WRITE.get(self.driver or "")


class Mount(Struct, frozen=True):
    """A mount of a container: its content is not in the writable layer. ``kind`` is volume, bind or tmpfs."""

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
        return f"container://{self.engine}/{self.name or self.container_id}"


class LocalImage(Struct, frozen=True):
    """One image of an engine; ``created`` in seconds since 1970, sizes in bytes as the engine counts them.

    ``shared_size`` is that of the layers that other images of the engine hold as well, ``layers`` their number,
    ``namespace`` the one of containerd.
    """

    engine: Engine
    tags: tuple[str, ...]
    image_id: str
    size: int | None
    created: int | None
    shared_size: int | None = None
    layers: int | None = None
    namespace: str | None = None

    @property
    def reference(self) -> str:
        name = self.tags[0] if self.tags else self.image_id
        return f"{self.engine}://{self.namespace}/{name}" if self.namespace else f"{self.engine}://{name}"

    @property
    def unique_size(self) -> int | None:
        """The bytes that removing the image would free."""
        return None if self.size is None or self.shared_size is None else max(0, self.size - self.shared_size)


class StoredLayer(Struct, frozen=True):
    """A layer of a local image; ``stored_as`` names what the engine holds once, of ``size`` bytes."""

    diff_id: str
    stored_as: str
    size: int
    instruction: str | None = None


class LayeredImage(Struct, frozen=True):
    """A local image with its layers, base first, and the repositories that its tags and digests name."""

    image: LocalImage
    layers: tuple[StoredLayer, ...]
    repositories: frozenset[str]


class ArchiveForm(StrEnum):
    """The form of an image outside of an engine."""

    ARCHIVE = "archive"
    COMPRESSED = "compressed"
    LAYOUT = "folder"


class LocalArchive(Struct, frozen=True):
    """An archive or layout; ``reference`` opens it, ``modified`` is in seconds since 1970.

    The ``size`` of a layout is that of its blobs; None if it is unknown.
    """

    reference: str
    form: ArchiveForm
    size: int | None
    modified: float
