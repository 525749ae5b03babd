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
DATABASES = (STATUS.decode(), "var/lib/dpkg/status.d/*")
LISTS = (f"{INFO.decode()}*.list",)

_SUMS = b".md5sums"

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


def listed(lines: Iterable[bytes], path: bytes) -> tuple[bytes, ...]:
    """Return the relative paths that a ``.list`` file names, and its own, or those of an ``.md5sums`` file."""
    if path.endswith(_SUMS):
        names = (line.partition(b"  ")[2].strip() for line in lines)
        return tuple(name for name in names if 0 < len(name) <= LONGEST_PATH)
    return (*parse_paths(lines), path)


def read(path: bytes, data: bytes, budget: ParseBudget) -> Iterator[Package]:
    """Yield the packages of a status file that are installed, or the one of a file in ``status.d``."""
    if path.endswith(_SUMS):
        return
    is_status = path.rpartition(b"/")[2] == b"status"
    sums = (path + _SUMS, path.removesuffix(b".control") + _SUMS)
    for stanza in parse_stanzas(budget.lines(data)):
        if is_installed(stanza) or not is_status:
            lists = tuple(list_names(stanza)) if is_status else sums
            yield Package("dpkg", stanza["package"], stanza.get("version", ""), lists=lists)


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
