"""Starts the one file, whose bootstrap unpacks it in ~/.shiv, or else in a private folder for temporary files.

It becomes the `__main__.py` of shiv's archive: no option of shiv does without a home folder, and one root for all users
would let one of them run code as another.
"""

import os
import stat
import sys
import tempfile
from pathlib import Path

_PRIVATE = 0o700


def _is_home_usable() -> bool:
    # Path.expanduser raises where there is no home, and Path.exists where it cannot be looked into
    home = os.path.expanduser("~")  # noqa: PTH111
    root = f"{home}/.shiv"
    return home != "~" and os.access(root if os.path.exists(root) else home, os.W_OK | os.X_OK)  # noqa: PTH110


def _private_folder() -> str:
    folder = Path(tempfile.gettempdir(), f"layerscope-{os.geteuid()}")
    folder.mkdir(_PRIVATE, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or (status.st_uid, stat.S_IMODE(status.st_mode)) != (os.geteuid(), _PRIVATE):
        raise PermissionError(f"{folder} is not a folder that only this user can enter")
    return str(folder)


if "SHIV_ROOT" not in os.environ and not _is_home_usable():
    try:
        os.environ["SHIV_ROOT"] = _private_folder()
    except OSError as error:
        sys.exit(f"layerscope: no folder to unpack it in; set SHIV_ROOT to one that can be written ({error})")

import _bootstrap  # noqa: E402  # it is given what was decided above

_bootstrap.bootstrap()
