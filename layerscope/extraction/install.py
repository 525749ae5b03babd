"""Installation of staged files into the target: all of them, or none."""

import stat
from collections.abc import Iterable
from contextlib import suppress

from layerscope.extraction.confined import ConfinedFolder
from layerscope.extraction.failure import ExtractionFailed, FileInTheWay, path_errors, shown

_WORDS = {stat.S_IFDIR: "a folder", stat.S_IFLNK: "a symlink"}


def check_free(target: ConfinedFolder, name: str, path: bytes, *, is_folder: bool, force: bool) -> None:
    """Raise ExtractionFailed if something at the path must not, or cannot, be replaced; its folder exists."""
    status = target.status(path)
    if status is None or (is_folder and stat.S_ISDIR(status.st_mode)):
        return
    if is_folder or stat.S_ISDIR(status.st_mode):
        raise ExtractionFailed(f"{_kind(status.st_mode)} is in the way at {name}/{shown(path)}")
    if not force:
        raise FileInTheWay(f"{name}/{shown(path)} already exists")


def _kind(mode: int) -> str:
    return _WORDS.get(stat.S_IFMT(mode), "a file")


class Installer:
    """An installation that can be undone: replaced files are kept in ``replaced`` until the end."""

    def __init__(self, target: ConfinedFolder, stage: ConfinedFolder, replaced: ConfinedFolder, name: str) -> None:
        self._target = target
        self._stage = stage
        self._replaced = replaced
        self._name = name
        self._moved: dict[bytes, None] = {}
        self._set_aside: list[tuple[bytes, bytes]] = []

    def install(self, *, force: bool) -> None:
        """Move everything from the staging folder; the contents of existing folders are merged."""
        pending = [b""]
        while pending:
            folder = pending.pop()
            for name in self._stage.names(folder):
                path = folder + b"/" + name if folder else name
                is_folder = self._stage.is_folder(path)
                with path_errors(path, self._name):
                    check_free(self._target, self._name, path, is_folder=is_folder, force=force)
                    if is_folder and self._target.is_folder(path):
                        pending.append(path)
                    else:
                        self._move(path)

    def _move(self, path: bytes) -> None:
        # Each move is recorded before it is made, so that an exception at any point can be undone.
        if self._target.status(path) is not None:
            aside = b"%d" % len(self._set_aside)
            self._set_aside.append((aside, path))
            self._target.move(path, self._replaced, aside)
        self._moved[path] = None
        self._stage.move(path, self._target, path)

    def new_folders(self, paths: Iterable[bytes]) -> set[bytes]:
        """Return those of the folders, outer ones first, that a move made; existing ones keep their metadata."""
        new = set[bytes]()
        for path in paths:
            if path in self._moved or path.rpartition(b"/")[0] in new:
                new.add(path)
        return new

    def undo(self) -> None:
        """Undo all moves, as far as the system allows."""
        for path in reversed(self._moved):
            self._target.remove_all(path)
        for aside, path in reversed(self._set_aside):
            with suppress(OSError):
                self._replaced.move(aside, self._target, path)
