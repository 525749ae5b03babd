"""Suggestions for a reference that is close to one that opens."""

import re
from contextlib import suppress
from pathlib import Path

from layerscope.errors import LayerscopeError
from layerscope.sources.image.folder import FolderFiles
from layerscope.sources.image.origin import Origin
from layerscope.sources.image.recognize import candidates_of
from layerscope.text import short_name

_SEPARATOR = re.compile(r"[:@]")


def image_option(reference: str) -> str | None:
    """Return a suggestion for ``testrepo:v1`` if ``testrepo`` is a file or folder, else None."""
    for separator in _SEPARATOR.finditer(reference):
        path, image = reference[: separator.start()], reference[separator.end() :]
        with suppress(OSError, ValueError):
            if path and image and Path(path).exists():
                return f"open {short_name(path)} with --image {short_name(image)}"
    return None


def layout_folder(path: Path) -> str | None:
    """Return a suggestion for a file of an image layout (``index.json``, a blob), else None."""
    for folder in (path.parent, path.parent.parent.parent):
        with suppress(LayerscopeError, OSError):
            if candidates_of(FolderFiles(folder), Origin.folder(str(folder))):
                return f"open the folder {short_name(str(folder))}"
    return None
