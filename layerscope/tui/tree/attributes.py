"""The attributes of an entry, as file trees and details show them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from layerscope.model.entries import FileEntry
from layerscope.text import mode_text


def owner_text(entry: FileEntry) -> str:
    """Return the owner as ``root:root``, or the numbers where it is not root."""
    return ":".join("root" if number == 0 else str(number) for number in (entry.uid, entry.gid))


def time_text(mtime: int, form: str = "%Y-%m-%d %H:%M") -> str:
    """Return a time in UTC, or the number where no calendar has it."""
    try:
        return datetime.fromtimestamp(mtime, UTC).strftime(form)
    except (OverflowError, OSError, ValueError):
        return f"@{mtime}"


class Attribute(NamedTuple):
    """A column with an attribute of an entry; the width includes the space before it."""

    title: str
    width: int
    text: Callable[[FileEntry], str]


ATTRIBUTES = {
    "mode": Attribute("mode", 11, lambda entry: mode_text(entry.kind.letter, entry.mode)),
    "owner": Attribute("owner", 12, owner_text),
    "mtime": Attribute("modified", 17, lambda entry: time_text(entry.mtime) if entry.row is not None else ""),
    "layer": Attribute("layer", 6, lambda entry: str(entry.layer)),
}
