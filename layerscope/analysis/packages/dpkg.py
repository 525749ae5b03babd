"""Debian packages: https://man7.org/linux/man-pages/man1/dpkg-query.1.html, deb-control(5).

One file has the status of all packages; ``info/NAME.list``, or ``info/NAME:ARCHITECTURE.list``, has the paths of one.
Distroless images have one file per package in ``status.d`` instead, and beside it an ``.md5sums`` file with its paths.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from layerscope.analysis.packages.final_files import LONGEST_PATH, FinalFiles, ParseBudget
from layerscope.analysis.packages.package import Package

STATUS = b"var/lib/dpkg/status"
INFO = b"var/lib/dpkg/info/"
_STATUS_FOLDER = b"var/lib/dpkg/status.d"

Stanza = Mapping[str, str]
"""The fields of one package, by lower-case name."""


def parse_stanzas(lines: Iterable[bytes]) -> Iterator[Stanza]:
    """Yield the stanzas of a control file, with the fields that are of use and that do not span several lines."""
    fields: dict[str, str] = {}
    for line in chain(lines, [b""]):
        if line:
            name, colon, value = line.partition(b":")
            field = _FIELDS.get(name.lower())
            if colon and field:
                fields[field] = value.decode("utf-8", "replace").strip()
        elif fields:
            if "package" in fields:
                yield fields
            fields = {}


_FIELDS = {
    field.encode(): field
    for field in (
        "architecture",
        "auto-installed",
        "depends",
        "package",
        "pre-depends",
        "provides",
        "status",
        "version",
    )
}


def is_installed(stanza: Stanza) -> bool:
    """Return whether the package is installed, and not merely known."""
    return stanza.get("status", "").endswith(" installed")


def parse_paths(lines: Iterable[bytes]) -> tuple[bytes, ...]:
    """Return the relative paths that a ``.list`` file names, without the root."""
    paths = (line.strip(b"/") for line in lines if len(line) <= LONGEST_PATH)
    return tuple(path for path in paths if path not in (b"", b"."))


def list_names(stanza: Stanza) -> list[bytes]:
    """Return the paths at which the ``.list`` file of a package may be."""
    name, architecture = stanza["package"], stanza.get("architecture", "")
    return [INFO + stem.encode() + b".list" for stem in (name, f"{name}:{architecture}")]


def installed(files: FinalFiles) -> list[Stanza]:
    """Return the stanzas of the packages that are installed."""
    databases = files.read([STATUS]).items()
    stanzas = (stanza for path, data in databases for stanza in parse_stanzas(files.lines(path, data)))
    return [stanza for stanza in stanzas if is_installed(stanza)]


def find_packages(files: FinalFiles) -> Iterator[Package]:
    """Yield the Debian packages of the image."""
    stanzas = installed(files)
    lists = files.read(name for stanza in stanzas for name in list_names(stanza))
    for stanza in stanzas:
        name = next((name for name in list_names(stanza) if name in lists), None)
        # A list belongs to one package: a status with many stanzas of one name must not parse it for each of them.
        paths = parse_paths(files.lines(name, lists.pop(name))) if name else ()
        yield _package(stanza, (*paths, *([name] if name else [])))
    yield from _distroless(files)


def _distroless(files: FinalFiles) -> Iterator[Package]:
    contents = files.read(files.paths_below(_STATUS_FOLDER))
    for path, data in contents.items():
        if path.endswith(b".md5sums"):
            continue
        sums = contents.get(path + b".md5sums") or contents.get(path.removesuffix(b".control") + b".md5sums") or b""
        names = (line.partition(b"  ")[2].strip() for line in files.lines(path, sums))
        paths = tuple(name for name in names if 0 < len(name) <= LONGEST_PATH)
        for stanza in parse_stanzas(files.lines(path, data)):
            yield _package(stanza, paths)
            paths = ()


def _package(stanza: Stanza, paths: tuple[bytes, ...]) -> Package:
    return Package("dpkg", stanza["package"], stanza.get("version", ""), paths)


MARKS = b"var/lib/apt/extended_states"
"""The file in which apt marks the packages that were not installed by name."""

_NAME = re.compile(r"(?:^|[,|])\s*([^\s(:\[,|]+)")
"""A package name at the start of each alternative of a relationship field."""


def only_recommended(files: FinalFiles) -> list[Stanza]:
    """Return the automatically installed packages on which no package that was asked for depends, even indirectly."""
    stanzas = installed(files)
    databases = files.read([MARKS]).items()
    states = [stanza for path, data in databases for stanza in parse_stanzas(files.lines(path, data))]
    automatic = {state["package"] for state in states if state.get("auto-installed") == "1"}
    providers = _providers(stanzas, files.budget)
    waiting = [stanza for stanza in stanzas if stanza["package"] not in automatic]
    needed = set(map(id, waiting))
    while waiting:
        for name in _dependencies(waiting.pop(), files.budget):
            # Each name is looked up once: many packages may depend on a name that many packages provide.
            for stanza in providers.pop(name, ()):
                if id(stanza) not in needed:
                    needed.add(id(stanza))
                    waiting.append(stanza)
    if files.budget.is_spent:
        return []
    return [stanza for stanza in stanzas if id(stanza) not in needed]


def _providers(stanzas: Iterable[Stanza], budget: ParseBudget) -> dict[str, list[Stanza]]:
    """Return the packages by each name that a dependency may use for them."""
    providers: dict[str, list[Stanza]] = {}
    for stanza in stanzas:
        for name in (stanza["package"], *_names(stanza.get("provides", ""), budget)):
            providers.setdefault(name, []).append(stanza)
    return providers


def _dependencies(stanza: Stanza, budget: ParseBudget) -> Iterator[str]:
    for field in ("depends", "pre-depends"):
        yield from _names(stanza.get(field, ""), budget)


def _names(relation: str, budget: ParseBudget) -> Iterator[str]:
    """Yield all package names of a relationship field, including alternatives."""
    return budget.limited(match[1] for match in _NAME.finditer(relation))
