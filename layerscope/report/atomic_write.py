"""Writes a file whole or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from layerscope.errors import UsageError
from layerscope.text import printable_name


def refuse_existing(path: Path, *, force: bool) -> None:
    """Raise UsageError where the file is there and must not be overwritten."""
    if path.is_dir():
        raise UsageError(f"{printable_name(str(path))} is a folder")
    if not path.parent.is_dir():
        raise UsageError(f"{printable_name(str(path))} cannot be written: there is no folder of that name")
    if not force and os.path.lexists(path):
        raise UsageError(f"{printable_name(str(path))} is there already (--force overwrites it)")


def write_whole(path: Path, text: str, *, force: bool) -> None:
    """Write the text beside the file, then put it in its place; raises UsageError or OSError."""
    refuse_existing(path, force=force)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=path.parent, prefix=f".{path.name[:50]}.", delete=False
    ) as part:
        try:
            part.write(text)
            part.flush()
            _take_place(part.name, path, force=force)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(part.name)  # noqa: PTH108  # it may be gone
            raise


def _take_place(part: str, path: Path, *, force: bool) -> None:
    """Give the file the permissions that a new one has, and its name; who came in between is not overwritten."""
    umask = os.umask(0)
    os.umask(umask)
    os.chmod(part, 0o666 & ~umask)  # noqa: PTH101  # it is a name
    if force:
        os.replace(part, path)  # noqa: PTH105
        return
    try:
        os.link(part, path)
    except FileExistsError:
        refuse_existing(path, force=False)
    except OSError:
        # a file system without hard links
        os.replace(part, path)  # noqa: PTH105
    else:
        os.unlink(part)  # noqa: PTH108
