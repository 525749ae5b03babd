"""The state file: what was changed on the screens, and what was opened last. A damaged one is ignored."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

_MOST_RECENT = 20
_LARGEST = 1 << 20


class Recent(Struct, frozen=True):
    """Something that was opened, at a time in seconds since 1970; a path is absolute."""

    reference: str
    opened: float


class State(Struct, frozen=True, omit_defaults=True):
    """The remembered settings; None for a setting that was not changed on a screen."""

    theme: str | None = None
    sort: str | None = None
    columns: tuple[str, ...] | None = None
    recent: tuple[Recent, ...] = ()

    def with_recent(self, recent: Recent) -> "State":
        """Return the state with something opened just now, which is listed once."""
        others = [each for each in self.recent if each.reference != recent.reference]
        return msgspec.structs.replace(self, recent=(recent, *others)[:_MOST_RECENT])


def read_state(path: Path) -> State:
    """Return what the file remembers; nothing if there is none, or it is damaged."""
    with suppress(OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError), path.open("rb") as file:
        return msgspec.json.decode(file.read(_LARGEST), type=State)
    return State()


def write_state(path: Path, state: State) -> None:
    """Write the file, whole or not at all and for this user only; where that cannot be done, nothing is remembered.

    Nothing is written into a folder of another user: with sudo, HOME may be theirs.
    """
    with suppress(OSError):
        existing = next(folder for folder in path.parents if folder.exists())
        if existing.stat().st_uid != os.geteuid():
            return
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(state))
            Path(temporary).replace(path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise
