"""Moves what stands written beside the target into its place; all of it, or, where that fails, nothing."""

import stat
from contextlib import suppress

from layerscope.extraction.confined import ConfinedFolder
from layerscope.extraction.failure import ExtractionFailed, FileInTheWay, shown, telling

_WORDS = {stat.S_IFDIR: "a folder", stat.S_IFLNK: "a symlink"}


def check_free(target: ConfinedFolder, name: str, path: bytes, *, is_folder: bool, force: bool) -> None:
    """Raise ExtractionFailed where what is at the path of the target must not, or cannot, give way."""
    parts = path.split(b"/")
    for count in range(1, len(parts)):
        folder = b"/".join(parts[:count])
        found = target.status(folder)
        if found is None:
            return
        if not stat.S_ISDIR(found.st_mode):
            raise ExtractionFailed(f"{_kind(found.st_mode)} is in the way at {name}/{shown(folder)}")
    found = target.status(path)
    if found is None or (is_folder and stat.S_ISDIR(found.st_mode)):
        return
    if is_folder or stat.S_ISDIR(found.st_mode):
        raise ExtractionFailed(f"{_kind(found.st_mode)} is in the way at {name}/{shown(path)}")
    if not force:
        raise FileInTheWay(f"{name}/{shown(path)} is there already")


def _kind(mode: int) -> str:
    return _WORDS.get(stat.S_IFMT(mode), "a file")


class Installer:
    """Moves, and remembers each move so as to take it back. What was replaced waits in ``replaced`` until the end."""

    def __init__(self, target: ConfinedFolder, stage: ConfinedFolder, replaced: ConfinedFolder, name: str) -> None:
        self._target = target
        self._stage = stage
        self._replaced = replaced
        self._name = name
        self._moved: dict[bytes, None] = {}
        self._set_aside: list[tuple[bytes, bytes]] = []

    def install(self, *, force: bool) -> None:
        """Move all that is in the stage; folders that are there already take in what is new in them."""
        waiting = [b""]
        while waiting:
            folder = waiting.pop()
            for name in self._stage.names(folder):
                path = folder + b"/" + name if folder else name
                is_folder = self._stage.is_folder(path)
                with telling(path, self._name):
                    check_free(self._target, self._name, path, is_folder=is_folder, force=force)
                    if is_folder and self._target.is_folder(path):
                        waiting.append(path)
                    else:
                        self._move(path)

    def _move(self, path: bytes) -> None:
        # each move is noted before it is made: whenever the work ends, it is known what to take back
        if self._target.status(path) is not None:
            aside = b"%d" % len(self._set_aside)
            self._set_aside.append((aside, path))
            self._target.move(path, self._replaced, aside)
        self._moved[path] = None
        self._stage.move(path, self._target, path)

    def is_new(self, path: bytes) -> bool:
        """Tell whether a folder came with a move: one that was there before stays as it is."""
        while path and path not in self._moved:
            path = path.rpartition(b"/")[0]
        return bool(path)

    def undo(self) -> None:
        """Take everything back, as far as the system lets us."""
        for path in reversed(self._moved):
            self._target.remove_all(path)
        for aside, path in reversed(self._set_aside):
            with suppress(OSError):
                self._replaced.move(aside, self._target, path)
