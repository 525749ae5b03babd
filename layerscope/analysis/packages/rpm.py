"""RPM databases: reported, but not read, because no maintained library reads them without rpm itself."""

from collections.abc import Iterator

from layerscope.analysis.packages.final_files import FinalFiles

_FOLDERS = (b"var/lib/rpm", b"usr/lib/sysimage/rpm", b"usr/share/rpm")
_NAMES = (b"rpmdb.sqlite", b"Packages.db", b"Packages")


def unread_databases(files: FinalFiles) -> Iterator[bytes]:
    """Yield the paths of RPM databases in the image."""
    for folder in _FOLDERS:
        for name in _NAMES:
            path = folder + b"/" + name
            if files.position(path) is not None:
                yield path
