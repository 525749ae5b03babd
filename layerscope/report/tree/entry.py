"""An entry of a path, as documents about changes show it."""

from typing import TypedDict

from layerscope.model.entries import FileEntry, Kind
from layerscope.text import path_text


class EntryPart(TypedDict):
    """A path before or after a change; ``layer`` wrote it last."""

    kind: str
    size: int
    mode: str
    uid: int
    gid: int
    mtime: int | None
    link: str | None
    layer: int


def entry_part(entry: FileEntry) -> EntryPart:
    """Return the fields of an entry."""
    return {
        "kind": entry.kind.word,
        "size": entry.size,
        "mode": f"{entry.mode:04o}",
        "uid": entry.uid,
        "gid": entry.gid,
        "mtime": None if entry.row is None else entry.mtime,
        "link": link_text(entry),
        "layer": entry.layer,
    }


def link_text(entry: FileEntry) -> str | None:
    """Return the target of a link: a symlink's as it is, a hard link's as an absolute path."""
    if entry.link is None:
        return None
    return path_text(entry.link) if entry.kind is Kind.HARDLINK else entry.link.decode("utf-8", "surrogateescape")
