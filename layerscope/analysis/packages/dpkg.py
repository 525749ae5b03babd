"""Debian packages: https://man7.org/linux/man-pages/man1/dpkg-query.1.html, deb-control(5).

One file has the status of all packages; ``info/NAME.list``, or ``info/NAME:ARCHITECTURE.list``, has the paths of one.
Distroless images have one file per package in ``status.d`` instead, and beside it an ``.md5sums`` file with its paths.
"""

from collections.abc import Iterator, Mapping

from layerscope.analysis.packages.final_files import FinalFiles
from layerscope.analysis.packages.package import Package

STATUS = b"var/lib/dpkg/status"
INFO = b"var/lib/dpkg/info/"
_STATUS_FOLDER = b"var/lib/dpkg/status.d"

Stanza = Mapping[str, str]
"""The fields of one package, by lower-case name."""


def parse_stanzas(data: bytes) -> list[Stanza]:
    """Return the stanzas of a control file, without the lines that continue a field."""
    stanzas: list[Stanza] = []
    for block in data.decode("utf-8", "replace").split("\n\n"):
        fields: dict[str, str] = {}
        for line in block.splitlines():
            name, colon, value = line.partition(":")
            if colon and not line.startswith((" ", "\t")):
                fields[name.lower()] = value.strip()
        if "package" in fields:
            stanzas.append(fields)
    return stanzas


def is_installed(stanza: Stanza) -> bool:
    """Return whether the package is installed, and not merely known."""
    return stanza.get("status", "").endswith(" installed")


def parse_paths(data: bytes) -> tuple[bytes, ...]:
    """Return the relative paths that a ``.list`` file names, without the root."""
    return tuple(path for line in data.splitlines() if (path := line.strip(b"/")) not in (b"", b"."))


def list_names(stanza: Stanza) -> list[bytes]:
    """Return the paths at which the ``.list`` file of a package may be."""
    name, architecture = stanza["package"], stanza.get("architecture", "")
    return [INFO + stem.encode() + b".list" for stem in (name, f"{name}:{architecture}")]


def installed(files: FinalFiles) -> list[Stanza]:
    """Return the stanzas of the packages that are installed."""
    return [stanza for data in files.read([STATUS]).values() for stanza in parse_stanzas(data) if is_installed(stanza)]


def find_packages(files: FinalFiles) -> Iterator[Package]:
    """Yield the Debian packages of the image."""
    stanzas = installed(files)
    lists = files.read(name for stanza in stanzas for name in list_names(stanza))
    for stanza in stanzas:
        name = next((name for name in list_names(stanza) if name in lists), None)
        paths = parse_paths(lists[name]) if name else ()
        yield _package(stanza, (*paths, *([name] if name else [])))
    yield from _distroless(files)


def _distroless(files: FinalFiles) -> Iterator[Package]:
    contents = files.read(files.paths_below(_STATUS_FOLDER))
    for path, data in contents.items():
        if path.endswith(b".md5sums"):
            continue
        sums = contents.get(path + b".md5sums") or contents.get(path.removesuffix(b".control") + b".md5sums") or b""
        paths = (line.partition(b"  ")[2].strip() for line in sums.splitlines())
        for stanza in parse_stanzas(data):
            yield _package(stanza, tuple(owned for owned in paths if owned))


def _package(stanza: Stanza, paths: tuple[bytes, ...]) -> Package:
    return Package("dpkg", stanza["package"], stanza.get("version", ""), paths)
