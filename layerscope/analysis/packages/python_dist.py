"""Python distributions: https://packaging.python.org/en/latest/specifications/recording-installed-packages/."""

import csv
from collections.abc import Iterator

from layerscope.analysis.packages.final_files import FinalFiles
from layerscope.analysis.packages.package import Package

_FOLDER_SUFFIX = b".dist-info"


def parse_metadata(data: bytes) -> tuple[str, str]:
    """Return the name and the version that core metadata states; an empty text for one that it does not state."""
    fields: dict[str, str] = {}
    for line in data.decode("utf-8", "replace").splitlines():
        if not line.strip():
            break
        name, _, value = line.partition(":")
        fields.setdefault(name.strip().lower(), value.strip())
    return fields.get("name", ""), fields.get("version", "")


def parse_record(data: bytes, folder: bytes) -> tuple[bytes, ...]:
    """Return the image paths of the files that a ``RECORD`` lists, absolute ones or relative to ``folder``."""
    lines = data.decode("utf-8", "surrogateescape").splitlines()
    try:
        names = [row[0] for row in csv.reader(lines) if row and row[0]]
    except csv.Error:
        return ()
    return tuple(_resolved(name.encode("utf-8", "surrogateescape"), folder) for name in names)


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
        name, version = parse_metadata(contents.get(folder + b"/METADATA", b""))
        if name:
            record = parse_record(contents.get(folder + b"/RECORD", b""), folder.rpartition(b"/")[0])
            yield Package("python", name, version, record or (folder,), owns_folders=not record)
