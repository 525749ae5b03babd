"""Whiteout names: https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts."""

from msgspec import Struct

PREFIX = b".wh."
OPAQUE_MARKER = b".wh..wh..opq"
_BOOKKEEPING_PREFIX = b".wh..wh."


class Whiteout(Struct, frozen=True):
    """A marker that hides one path of the lower layers, and everything below it."""

    path: bytes


class OpaqueWhiteout(Struct, frozen=True):
    """A marker that hides everything that the lower layers have below a directory."""

    directory: bytes


class Bookkeeping(Struct, frozen=True):
    """A storage driver's own file (``.wh..wh.plnk``), which is not part of the image."""


def whiteout_of(path: bytes) -> Whiteout | OpaqueWhiteout | Bookkeeping | None:
    """Return the marker that the normalized path is, or None for an ordinary entry."""
    if PREFIX not in path:
        return None
    parent, _, name = path.rpartition(b"/")
    if name == OPAQUE_MARKER:
        return OpaqueWhiteout(parent)
    if b"/" + _BOOKKEEPING_PREFIX in b"/" + path:
        return Bookkeeping()
    if not name.startswith(PREFIX):
        return None
    hidden = name[len(PREFIX) :]
    if hidden in (b"", b".", b".."):
        return Bookkeeping()
    return Whiteout(parent + b"/" + hidden if parent else hidden)
