"""The storage of an engine that holds an image."""

from msgspec import Struct

from layerscope.model.engine import Engine


class Storage(Struct, frozen=True):
    """The storage of an image, as its engine reports it; None for what it does not report.

    ``store`` is "graph driver", "containers-storage" or "containerd"; ``driver`` a storage driver, or a snapshotter of
    containerd. ``locations`` are the folders or files that hold the layers, base first, as far as they are known.
    """

    engine: Engine
    store: str
    driver: str | None
    backing_filesystem: str | None = None
    locations: tuple[str, ...] = ()

    @property
    def copy_on_write(self) -> str | None:
        """A sentence about a file that a container changes; None for a driver that is not known."""
        return _COPY_ON_WRITE.get(self.driver or "")


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
