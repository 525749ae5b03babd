"""Alpine packages: https://wiki.alpinelinux.org/wiki/Apk_spec#Installed_Database_V2."""

from collections.abc import Iterator

from layerscope.analysis.packages.final_files import FinalFiles
from layerscope.analysis.packages.package import Package

DATABASES = (b"lib/apk/db/installed", b"usr/lib/apk/db/installed")


def parse_installed(data: bytes) -> Iterator[Package]:
    """Yield the packages of the database: a block each, with fields of one letter, ``F`` a folder and ``R`` a file."""
    for block in data.split(b"\n\n"):
        name, version, folder, paths = "", "", b"", []
        for line in block.splitlines():
            field, _, value = line.partition(b":")
            if field == b"P":
                name = value.decode("utf-8", "replace")
            elif field == b"V":
                version = value.decode("utf-8", "replace")
            elif field == b"F":
                folder = value
            elif field == b"R":
                paths.append(folder + b"/" + value if folder else value)
        if name:
            yield Package("apk", name, version, tuple(paths))


def find_packages(files: FinalFiles) -> Iterator[Package]:
    """Yield the Alpine packages of the image; both paths often lead to one file."""
    databases = files.read(DATABASES)
    for data in dict.fromkeys(databases.values()):
        yield from parse_installed(data)
