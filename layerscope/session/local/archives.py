"""The archives and image layouts of a folder."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from layerscope.model.local import LocalArchive
from layerscope.sources.image.probe import probe

_MOST_ENTRIES = 2_000
"""Entries of a folder that are looked at."""


def local_archives(folder: Path) -> Iterator[LocalArchive]:
    """Yield what looks like an image: the folder itself, then what is in it. One that cannot be read holds none."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in islice(entries, _MOST_ENTRIES) if not entry.name.startswith("."))
    except OSError:
        return
    for path in (folder, *(folder / name for name in names)):
        if found := probe(path):
            yield found
