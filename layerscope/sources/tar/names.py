"""Decisions on the names in a tar: a path of the image, a whiteout, a builder's own note, or left out."""

from layerscope.model.entries import LayerEntries
from layerscope.model.whiteout import Bookkeeping, OpaqueWhiteout, whiteout_of
from layerscope.text import plural, printable_name

LONGEST_PATH = 16 * 1024
"""An entry with a longer name or link target is left out: Linux opens none beyond 4 KiB, and each folder costs."""

_LONGEST_SHOWN = 200
"""Bytes of a name that a warning repeats."""

_MOST_WARNINGS = 20


def normalized(name: bytes) -> bytes | None:
    """Return a name as a relative path of the image (``./etc//passwd/`` is ``etc/passwd``); None if it has ``..``."""
    parts = [part for part in name.split(b"/") if part not in (b"", b".")]
    return None if b".." in parts else b"/".join(parts)


class Names:
    """The names of one layer's entries, with the whiteouts and the warnings that come of them."""

    def __init__(self, entries: LayerEntries) -> None:
        self._entries = entries
        self._left_out = 0

    def path_of(self, name: bytes) -> bytes | None:
        """Return the path of an entry, or None where the name is a whiteout, bookkeeping, or left out."""
        path = normalized(name)
        if path is None:
            self.leave_out(name, "its name has ..")
            return None
        if len(path) > LONGEST_PATH:
            self.leave_out(name, "its name is too long")
            return None
        return self.unless_whiteout(path)

    def unless_whiteout(self, path: bytes) -> bytes | None:
        """Return the path, or None where it is a whiteout, which is noted, or bookkeeping."""
        whiteout = whiteout_of(path)
        if whiteout is None:
            return path
        if isinstance(whiteout, OpaqueWhiteout):
            self._entries.opaque_whiteouts.append(whiteout)
        elif not isinstance(whiteout, Bookkeeping):
            self._entries.whiteouts.append(whiteout)
        return None

    def leave_out(self, name: bytes, reason: str) -> None:
        """Warn that an entry is left out; after the first 20, count only."""
        self._left_out += 1
        if self._left_out <= _MOST_WARNINGS:
            shown = printable_name(name[:_LONGEST_SHOWN]) + ("…" if len(name) > _LONGEST_SHOWN else "")
            self._entries.warnings.append(f"left out {shown}: {reason}")

    def finish(self) -> None:
        """Add the number of entries left out that have no warning of their own."""
        if self._left_out > _MOST_WARNINGS:
            more = plural(self._left_out - _MOST_WARNINGS, "more entry", "more entries")
            self._entries.warnings.append(f"left out {more}")
