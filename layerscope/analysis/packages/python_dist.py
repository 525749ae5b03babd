"""Python distributions: https://packaging.python.org/en/latest/specifications/recording-installed-packages/."""

import csv
import re
from collections.abc import Iterable, Iterator

from layerscope.analysis.packages.final_files import LONGEST_PATH, ParseBudget
from layerscope.analysis.packages.package import Package

DATABASES = ("**/*.dist-info/METADATA", "**/*.egg-info/PKG-INFO", "**/*.egg-info")
LISTS = ("**/*.dist-info/RECORD",)

_SEPARATORS = re.compile(r"[-_.]+")


def canonical_name(name: str) -> str:
    """Return a name as names are compared: https://packaging.python.org/en/latest/specifications/name-normalization/."""
    return _SEPARATORS.sub("-", name).lower()


def parse_metadata(lines: Iterable[bytes]) -> tuple[str, str]:
    """Return the name and the version that core metadata states; an empty text for one that it does not state."""
    fields: dict[bytes, str] = {}
    for line in lines:
        if not line.strip():
            break
        name, _, value = line.partition(b":")
        field = name.strip().lower()
        if field in (b"name", b"version"):
            fields.setdefault(field, value.decode("utf-8", "replace").strip())
    return fields.get(b"name", ""), fields.get(b"version", "")


def parse_record(lines: Iterable[bytes], path: bytes) -> Iterable[bytes]:
    """Return the image paths of the files that the ``RECORD`` at a path lists, absolute ones or relative ones."""
    folder = path.rpartition(b"/")[0].rpartition(b"/")[0]
    rows = csv.reader(line.decode("utf-8", "surrogateescape") for line in lines)
    try:
        names = [row[0].encode("utf-8", "surrogateescape") for row in rows if row and row[0]]
    except csv.Error:
        return ()
    return (_resolved(name, folder) for name in names if len(name) <= LONGEST_PATH)


def _resolved(name: bytes, folder: bytes) -> bytes:
    parts = [] if name.startswith(b"/") else folder.split(b"/")
    for part in name.split(b"/"):
        if part == b"..":
            del parts[-1:]
        elif part not in (b"", b"."):
            parts.append(part)
    return b"/".join(part for part in parts if part)


def read(path: bytes, data: bytes, budget: ParseBudget) -> Iterator[Package]:
    """Yield the distribution of core metadata; one without a ``RECORD`` owns its metadata only.

    Older ones have an ``egg-info`` folder, or file.
    """
    folder, _, file = path.rpartition(b"/")
    folder = path if file.endswith(b".egg-info") else folder
    name, version = parse_metadata(budget.lines(data))
    if name:
        yield Package("pip", name, version, (folder,), owns_folders=True, lists=(folder + b"/RECORD",))
