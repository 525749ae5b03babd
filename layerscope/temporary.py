"""Temporary folders that are removed however the run ends: after SIGKILL, by the next run that needs one.

Each folder holds a lock file, locked by ``flock`` for as long as its process lives, in whatever way that ends. A folder
whose lock can be taken belongs to a process that has ended. The lock file is made first and removed last: a folder
without one is empty, about to be locked or about to be removed. Process ids are not used: they are reused, and differ
between containers that share a temporary folder.
"""

import fcntl
import os
import stat
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from pathlib import Path

from layerscope.signals import deferred_signals

_PREFIX = "layerscope-spool-"
_LOCK = ".lock"
_ATTEMPTS = 100

_own = set[Path]()
"""The folders that this process has made and not yet removed."""


def locked_folder(stack: ExitStack) -> Path:
    """Return a new folder that only this user can read, and that is removed when the stack closes.

    Folders that runs before have left behind are removed first. Raises OSError where no folder can be made.
    """
    from tempfile import gettempdir, mkdtemp  # noqa: PLC0415  # 2 ms, and most archives are read in place

    remove_abandoned_folders(Path(gettempdir()))
    for _ in range(_ATTEMPTS):
        with ExitStack() as attempt:
            folder = _new_folder(mkdtemp)
            attempt.callback(_remove_own, folder)
            if _lock_new(folder, attempt):
                stack.push(attempt.pop_all())
                return folder
    raise FileExistsError(f"no folder could be locked in {gettempdir()}")


def remove_own_folders() -> None:
    """Remove the folders of this process that are left: where a signal ends the run, a stack may not be closed.

    It may come between the making of a folder and the block that closes its stack, or interrupt the closing.
    """
    with deferred_signals():
        for folder in tuple(_own):
            _remove_own(folder)


def _new_folder(make: Callable[[None, str], str]) -> Path:
    """Make a folder with `mkdtemp`, and note that it is there before a signal can end the run."""
    with deferred_signals():
        # it gets mode 0700 and a name that nobody can guess
        folder = Path(make(None, _PREFIX))
        _own.add(folder)
    return folder


def _lock_new(folder: Path, stack: ExitStack) -> bool:
    """Lock a new folder, and return False where another run took it for abandoned before it was locked."""
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        return False
    stack.callback(os.close, descriptor)
    return _is_locked(descriptor) and os.fstat(descriptor).st_nlink > 0


def _is_locked(descriptor: int) -> bool:
    """Lock a file, and return False where another process has it locked."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def remove_abandoned_folders(parent: Path) -> None:
    """Remove the folders whose process has ended; a folder that cannot be removed stays."""
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX):
                with suppress(OSError):
                    _remove_if_abandoned(Path(entry.path))


def _remove_if_abandoned(folder: Path) -> None:
    status = folder.lstat()
    # others may give their folders such a name too, or a symlink to one that is not theirs to remove
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        return
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        # its process may be about to make the lock; then the folder is no longer empty, and stays
        folder.rmdir()
        return
    # the lock is kept while the folder is removed, so that no two processes do it
    with closing(os.fdopen(descriptor, "rb")):
        if _is_locked(descriptor):
            _remove(folder)


def _remove_own(folder: Path) -> None:
    with suppress(OSError):
        _remove(folder)
    _own.discard(folder)


def _remove(folder: Path) -> None:
    """Remove a folder, its lock last; raises OSError."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                import shutil  # noqa: PLC0415  # 5 ms; few of them hold a folder

                shutil.rmtree(entry.path)
            elif entry.name != _LOCK:
                Path(entry).unlink()
    (folder / _LOCK).unlink(missing_ok=True)
    folder.rmdir()
