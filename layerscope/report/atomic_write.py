"""Files that are written whole or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from layerscope.errors import UsageError, os_reason
from layerscope.text import printable_name


def refuse_existing(path: Path, *, force: bool) -> None:
    """Raise UsageError if the path cannot be written, or would be overwritten without ``force``."""
    if path.is_dir():
        raise UsageError(f"{printable_name(str(path))} is a folder")
    if not path.parent.is_dir():
        raise UsageError(f"{printable_name(str(path))} cannot be written: its folder does not exist")
    if not force and os.path.lexists(path):
        raise UsageError(f"{printable_name(str(path))} already exists (--force overwrites it)")


def write_whole(path: Path, text: str, *, force: bool, permissions: int = 0o666) -> None:
    """Write the text to a temporary file in the same folder, then rename it; the user's umask limits ``permissions``.

    Raises UsageError where that fails.
    """
    refuse_existing(path, force=force)
    try:
        _write_beside(path, text, force=force, permissions=permissions)
    except OSError as error:
        # the name of the temporary file says nothing to a user
        raise UsageError(f"{printable_name(str(path))} cannot be written: {os_reason(error)}") from error


def _write_beside(path: Path, text: str, *, force: bool, permissions: int) -> None:
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=path.parent, prefix=f".{path.name[:50]}.", delete=False
    ) as temporary:
        try:
            temporary.write(text)
            temporary.flush()
            _rename(temporary.name, path, force=force, permissions=permissions)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(temporary.name)  # noqa: PTH108  # the file may not exist any more
            raise


def _rename(temporary: str, path: Path, *, force: bool, permissions: int) -> None:
    """Give the file the permissions of a new one, and its name; a file made in the meantime is not overwritten."""
    umask = os.umask(0)
    os.umask(umask)
    os.chmod(temporary, permissions & ~umask)  # noqa: PTH101  # the name of a temporary file
    if force:
        os.replace(temporary, path)  # noqa: PTH105
        return
    try:
        os.link(temporary, path)
    except FileExistsError:
        refuse_existing(path, force=False)
    except OSError:
        # The file system has no hard links.
        os.replace(temporary, path)  # noqa: PTH105
    else:
        os.unlink(temporary)  # noqa: PTH108
