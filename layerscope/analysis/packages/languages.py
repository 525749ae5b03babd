"""Packages of languages, each of which has a file of its own with its name: Python, conda, Ruby, Node and Java."""

import csv
import json
import re
import struct
import zlib
from collections.abc import Iterable, Iterator

import msgspec

from layerscope.analysis.packages.final_files import LONGEST_PATH, ParseBudget
from layerscope.analysis.packages.package import BrokenDatabase, Package

PYTHON_DATABASES = ("**/*.dist-info/METADATA", "**/*.egg-info/PKG-INFO", "**/*.egg-info")
PYTHON_LISTS = ("**/*.dist-info/RECORD",)

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


def read_python(path: bytes, data: bytes, budget: ParseBudget) -> Iterator[Package]:
    """Yield the distribution of core metadata; one without a ``RECORD`` owns its metadata only.

    Older ones have an ``egg-info`` folder, or file.
    https://packaging.python.org/en/latest/specifications/recording-installed-packages/
    """
    folder, _, file = path.rpartition(b"/")
    folder = path if file.endswith(b".egg-info") else folder
    name, version = parse_metadata(budget.lines(data))
    if name:
        yield Package("pip", name, version, (folder,), owns_folders=True, lists=(folder + b"/RECORD",))


CONDA_DATABASES = ("**/conda-meta/*.json",)


class _CondaRecord(msgspec.Struct):
    """A record of conda about a package in an environment, with paths relative to the environment.

    https://docs.conda.io/projects/conda-build/en/latest/resources/package-spec.html
    """

    name: str = ""
    version: str = ""
    files: list[str] = []


def read_conda(path: bytes, data: bytes, budget: ParseBudget) -> Iterator[Package]:
    """Yield the package of a record, which owns the record itself, too."""
    try:
        record = msgspec.json.decode(data, type=_CondaRecord)
    except (msgspec.MsgspecError, RecursionError):
        raise BrokenDatabase from None
    if record.name:
        home = path.rpartition(b"/")[0].rpartition(b"/")[0]
        names = (name.encode("utf-8", "surrogatepass") for name in budget.limited(record.files))
        paths = (b"/".join((home, name)).strip(b"/") for name in names if len(home) + len(name) < LONGEST_PATH)
        yield Package("conda", record.name, record.version, (*budget.paths(paths), path))


_DEFAULT_GEMS = b"/default"
GEM_DATABASES = ("**/specifications/*.gemspec", f"**/specifications{_DEFAULT_GEMS.decode()}/*.gemspec")

_GEM_FIELD = re.compile(rb"""\s*\w+\.(name|version)\s*=\s*(?:Gem::Version\.new\(?\s*)?["']([^"']+)["']""")


def read_gem(path: bytes, data: bytes, budget: ParseBudget) -> Iterator[Package]:
    """Yield the gem of a specification, which owns its folder in ``gems``, unless it came with Ruby itself.

    https://guides.rubygems.org/specification-reference/
    """
    fields: dict[bytes, str] = {}
    for line in budget.lines(data):
        if field := _GEM_FIELD.match(line):
            fields.setdefault(field[1], field[2].decode("utf-8", "replace"))
    if len(fields) == len((b"name", b"version")):
        folder, _, file = path.rpartition(b"/")
        home = folder.removesuffix(_DEFAULT_GEMS).rpartition(b"/")[0]
        own = (home + b"/gems/" + file.removesuffix(b".gemspec")).strip(b"/")
        yield Package("gem", fields[b"name"], fields[b"version"], (path, own), owns_folders=True)


NPM_DATABASES = ("**/node_modules/*/package.json", "**/node_modules/@*/*/package.json")

_MODULES = b"node_modules"
_LARGEST_MANIFEST = 1024 * 1024
"""The largest manifest that is parsed, in bytes: as objects it takes fifty times the memory."""


def parse_manifest(data: bytes) -> tuple[str, str]:
    """Return the name and the version that a ``package.json`` states; an empty text for one that it does not state."""
    if len(data) > _LARGEST_MANIFEST:
        return "", ""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(document, dict):
        return "", ""
    name, version = document.get("name"), document.get("version")
    return name if isinstance(name, str) else "", version if isinstance(version, str) else ""


def is_package_folder(folder: bytes) -> bool:
    """Return whether npm puts packages in such a folder: ``node_modules/NAME`` or ``node_modules/@SCOPE/NAME``."""
    above, _, name = folder.rpartition(b"/")
    parent = above.rpartition(b"/")[2]
    if parent.startswith(b"@"):
        parent = above.rpartition(b"/")[0].rpartition(b"/")[2]
    return parent == _MODULES and not name.startswith((b".", b"@"))


def read_npm(path: bytes, data: bytes, _budget: ParseBudget) -> Iterator[Package]:
    """Yield the package of a manifest, which owns its folder.

    https://docs.npmjs.com/cli/configuring-npm/package-json
    """
    folder = path.rpartition(b"/")[0]
    name, version = parse_manifest(data) if is_package_folder(folder) else ("", "")
    if name:
        yield Package("npm", name, version, (folder,), owns_folders=True)


JAR_DATABASES = ("**/*.jar",)
JAR_FIRST_BYTES = 8 * 1024
"""The start of an archive in which its manifest is looked for."""

_SIGNATURE = b"PK\3\4"
_MANIFEST = b"META-INF/MANIFEST.MF"
_LARGEST_JAR_MANIFEST = 64 * 1024
_ENTRY = struct.Struct("<4s2xHH8xI4xHH")
"""The header of a file in an archive: signature, flags, method, packed size, lengths of name and extra field."""

_SIZE_FOLLOWS, _DEFLATED = 8, 8
_JAR_NAME = re.compile(rb"(.+?)-([0-9][^-]*(?:-.+)?)")
_JAR_VERSION = re.compile(rb"(?:Implementation|Bundle|Specification)-Version: *(.+)", re.IGNORECASE)


def read_jar(path: bytes, data: bytes, budget: ParseBudget) -> Iterator[Package]:
    """Yield the package of an archive, given its start: its name, and the version of its name or its manifest.

    Maven names a file by its package and version. The manifest, which comes first, has the version of other files.
    https://docs.oracle.com/en/java/javase/21/docs/specs/jar/jar.html
    """
    if not data.startswith(_SIGNATURE):
        return
    stem = path.rpartition(b"/")[2].removesuffix(b".jar")
    named = _JAR_NAME.fullmatch(stem)
    name, version = named.groups() if named else (stem, _stated_version(data, budget))
    yield Package("jar", name.decode("utf-8", "replace"), version.decode("utf-8", "replace"), (path,))


def _stated_version(data: bytes, budget: ParseBudget) -> bytes:
    """Return the first version that the manifest states; empty if there is none in the start of the archive."""
    stated = (_JAR_VERSION.fullmatch(line) for line in budget.lines(_manifest(data)))
    return next((match[1].strip() for match in stated if match), b"")


def _manifest(data: bytes) -> bytes:
    at = data.find(_MANIFEST) - _ENTRY.size
    if at < 0:
        return b""
    signature, flags, method, packed, name_size, extra_size = _ENTRY.unpack_from(data, at)
    if signature != _SIGNATURE or name_size != len(_MANIFEST):
        return b""
    start = at + _ENTRY.size + name_size + extra_size
    content = data[start:] if flags & _SIZE_FOLLOWS else data[start : start + packed]
    return _inflated(content) if method == _DEFLATED else content


def _inflated(content: bytes) -> bytes:
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(content, _LARGEST_JAR_MANIFEST)
    except zlib.error:
        return b""
