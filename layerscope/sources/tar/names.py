"""Decisions on the names in a tar: a path of the image, a whiteout, a builder's own note, or left out."""

from layerscope.model.entries import LayerEntries
from layerscope.model.whiteout import Bookkeeping, OpaqueWhiteout, whiteout_of
from layerscope.sources.tar.allowance import Allowance
from layerscope.text import plural, printable_name

LONGEST_PATH = 4096
"""An entry with a longer name or link target is left out: Linux opens none, and each folder in a name costs."""

_LONGEST_NAME = 2 * LONGEST_PATH
"""A name may be longer than its path, by slashes and dots."""

_LONGEST_SHOWN = 200
"""Bytes of a name that a warning repeats."""

_MOST_WARNINGS = 20

_WHITEOUT_MEMORY = 100
"""Bytes that a whiteout takes beside its path."""


def normalized(name: bytes) -> bytes | None:
    """Return a name as a relative path of the image (``./etc//passwd/`` is ``etc/passwd``); None if it has ``..``."""
    parts = [part for part in name.split(b"/") if part not in (b"", b".")]
    return None if b".." in parts else b"/".join(parts)


class Names:
    """The names of one layer's entries, with the whiteouts and the warnings that come of them."""

    def __init__(self, entries: LayerEntries, allowance: Allowance) -> None:
        self._entries = entries
        self._allowance = allowance
        self._left_out = 0

    def path_of(self, name: bytes) -> bytes | None:
        """Return the path of an entry, or None where the name is a whiteout, bookkeeping, or left out."""
        # checked before the name is taken apart, because 16 MB of slashes are 16 million parts
        path = normalized(name) if len(name) <= _LONGEST_NAME else name
        if path is None:
            self.leave_out(name, "its name has ..")
            return None
        if len(path) > LONGEST_PATH:
            self.leave_out(name, f"its name is longer than {LONGEST_PATH:,} bytes")
            return None
        return self.unless_whiteout(path)

    def unless_whiteout(self, path: bytes) -> bytes | None:
        """Return the path, or None where it is a whiteout, which is noted, or bookkeeping."""
        whiteout = whiteout_of(path)
        if whiteout is None:
            return path
        self._allowance.add_header()
        if isinstance(whiteout, OpaqueWhiteout):
            self._entries.opaque_whiteouts.append(whiteout)
            self._allowance.add_memory(len(path) + _WHITEOUT_MEMORY)
        elif not isinstance(whiteout, Bookkeeping):
            self._allowance.add_memory(len(path) + _WHITEOUT_MEMORY)
            self._entries.whiteouts.append(whiteout)
        return None

    def leave_out(self, name: bytes, reason: str) -> None:
        """Warn that an entry is left out; after the first 20, count only."""
        self._allowance.add_header()
        self._left_out += 1
        if self._left_out <= _MOST_WARNINGS:
            shown = printable_name(name[:_LONGEST_SHOWN]) + ("…" if len(name) > _LONGEST_SHOWN else "")
            self._entries.warnings.append(f"left out {shown}: {reason}")

    def finish(self) -> None:
        """Add the number of entries left out that have no warning of their own."""
        if self._left_out > _MOST_WARNINGS:
            more = plural(self._left_out - _MOST_WARNINGS, "more entry", "more entries")
            self._entries.warnings.append(f"left out {more}")
