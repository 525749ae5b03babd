"""Alpine packages: https://wiki.alpinelinux.org/wiki/Apk_spec#Installed_Database_V2."""

from collections.abc import Iterable, Iterator
from itertools import chain

from layerscope.analysis.packages.final_files import LONGEST_PATH, ParseBudget
from layerscope.analysis.packages.package import Package

DATABASES = ("lib/apk/db/installed", "usr/lib/apk/db/installed")


def parse_installed(lines: Iterable[bytes], budget: ParseBudget) -> Iterator[Package]:
    """Yield the packages of the database: a block each, with fields of one letter, ``F`` a folder and ``R`` a file."""
    name, version, folder, files = "", "", b"", list[tuple[bytes, bytes]]()
    for line in chain(lines, [b""]):
        field, _, value = line.partition(b":")
        if not line:
            if name:
                yield Package("apk", name, version, budget.paths(b"/".join(filter(None, parts)) for parts in files))
            name, version, folder, files = "", "", b"", []
        elif field == b"P":
            name = value.decode("utf-8", "replace")
        elif field == b"V":
            version = value.decode("utf-8", "replace")
        elif field == b"F":
            folder = value
        elif field == b"R" and len(folder) + len(value) < LONGEST_PATH:
            files.append((folder, value))


def read(_path: bytes, data: bytes, budget: ParseBudget) -> Iterator[Package]:
    """Yield the packages of a database."""
    return parse_installed(budget.lines(data), budget)
