"""The folder of the cache: it belongs to the user alone, or there is no cache."""

import os
import stat
from contextlib import suppress
from pathlib import Path

PLACE_VARIABLE = "LAYERSCOPE_CACHE_DIR"
"""An environment variable that names another folder."""

_PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600


def default_folder() -> Path:
    """Return the folder that the environment names, or the user's folder for caches on this system."""
    named = os.environ.get(PLACE_VARIABLE)
    if named:
        return Path(named)
    from platformdirs import user_cache_path  # noqa: PLC0415  # 8 ms, and a small image needs no cache

    return user_cache_path("layerscope", appauthor=False)


def is_private_folder(folder: Path) -> bool:
    """Return whether a folder belongs to the effective user and to nobody else: with sudo, it may be another's."""
    try:
        status = os.lstat(folder)
    except OSError:
        return False
    is_own = status.st_uid == os.geteuid()
    return stat.S_ISDIR(status.st_mode) and is_own and stat.S_IMODE(status.st_mode) == _PRIVATE_FOLDER


def is_private_file(descriptor: int) -> bool:
    """Return whether an open file is a regular one that belongs to the effective user and to nobody else."""
    status = os.fstat(descriptor)
    is_own = status.st_uid == os.geteuid()
    return stat.S_ISREG(status.st_mode) and is_own and stat.S_IMODE(status.st_mode) == PRIVATE_FILE


def make_private_folder(folder: Path) -> bool:
    """Make the folder if it is missing, and return whether it is private.

    Nothing is made inside a folder of another user. With sudo, HOME may be theirs, and they could not use what root
    makes there.
    """
    if is_private_folder(folder):
        return True
    missing = [each for each in (folder, *folder.parents) if not os.path.lexists(each)]
    with suppress(OSError):
        if missing and os.lstat(missing[-1].parent).st_uid == os.geteuid():
            for each in reversed(missing):
                each.mkdir(_PRIVATE_FOLDER, exist_ok=True)
    return is_private_folder(folder)


def create_private(path: Path) -> int:
    """Return the descriptor of a new file that only this user can read and write; raises OSError."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)
