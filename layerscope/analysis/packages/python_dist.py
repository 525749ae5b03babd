"""Python distributions: https://packaging.python.org/en/latest/specifications/recording-installed-packages/."""

import csv
import re
from collections.abc import Iterable, Iterator

from layerscope.analysis.packages.final_files import LONGEST_PATH, FinalFiles
from layerscope.analysis.packages.package import Package

_FOLDER_SUFFIX = b".dist-info"
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


def parse_record(lines: Iterable[bytes], folder: bytes) -> tuple[bytes, ...]:
    """Return the image paths of the files that a ``RECORD`` lists, absolute ones or relative to ``folder``."""
    rows = csv.reader(line.decode("utf-8", "surrogateescape") for line in lines)
    try:
        names = [row[0].encode("utf-8", "surrogateescape") for row in rows if row and row[0]]
    except csv.Error:
        return ()
    return tuple(_resolved(name, folder) for name in names if len(name) <= LONGEST_PATH)


def _resolved(name: bytes, folder: bytes) -> bytes:
    parts = [] if name.startswith(b"/") else folder.split(b"/")
    for part in name.split(b"/"):
        if part == b"..":
            del parts[-1:]
        elif part not in (b"", b"."):
            parts.append(part)
    return b"/".join(part for part in parts if part)


def find_packages(files: FinalFiles) -> Iterator[Package]:
    """Yield the Python distributions of the image; one without a ``RECORD`` owns its ``dist-info`` folder only."""
    folders = [path.rpartition(b"/")[0] for path in files.paths_named(b"METADATA")]
    folders = [folder for folder in folders if folder.endswith(_FOLDER_SUFFIX)]
    contents = files.read(folder + name for folder in folders for name in (b"/METADATA", b"/RECORD"))
    for folder in folders:
        metadata, record_path = folder + b"/METADATA", folder + b"/RECORD"
        name, version = parse_metadata(files.lines(metadata, contents.get(metadata, b"")))
        if name:
            lines = files.lines(record_path, contents.get(record_path, b""))
            record = parse_record(lines, folder.rpartition(b"/")[0])
            yield Package("python", name, version, record or (folder,), owns_folders=not record)
