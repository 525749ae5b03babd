"""Java archives: https://docs.oracle.com/en/java/javase/21/docs/specs/jar/jar.html.

Maven names a file by its package and version. The manifest, which comes first, has the version of other files.
"""

import re
import struct
import zlib
from collections.abc import Iterator

from layerscope.analysis.packages.final_files import ParseBudget
from layerscope.analysis.packages.package import Package

DATABASES = ("**/*.jar",)
FIRST_BYTES = 8 * 1024
"""The start of an archive in which its manifest is looked for."""

_SIGNATURE = b"PK\3\4"
_MANIFEST = b"META-INF/MANIFEST.MF"
_LARGEST_MANIFEST = 64 * 1024
_ENTRY = struct.Struct("<4s2xHH8xI4xHH")
"""The header of a file in an archive: signature, flags, method, packed size, lengths of name and extra field."""

_SIZE_FOLLOWS, _DEFLATED = 8, 8
_NAMED = re.compile(rb"(.+?)-([0-9][^-]*(?:-.+)?)")
_VERSION = re.compile(rb"(?:Implementation|Bundle|Specification)-Version: *(.+)", re.IGNORECASE)


def read(path: bytes, data: bytes, budget: ParseBudget) -> Iterator[Package]:
    """Yield the package of an archive, given its start: its name, and the version of its name or its manifest."""
    if not data.startswith(_SIGNATURE):
        return
    stem = path.rpartition(b"/")[2].removesuffix(b".jar")
    named = _NAMED.fullmatch(stem)
    name, version = named.groups() if named else (stem, _stated_version(data, budget))
    yield Package("jar", name.decode("utf-8", "replace"), version.decode("utf-8", "replace"), (path,))


def _stated_version(data: bytes, budget: ParseBudget) -> bytes:
    """Return the first version that the manifest states; empty if there is none in the start of the archive."""
    stated = (_VERSION.fullmatch(line) for line in budget.lines(_manifest(data)))
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
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(content, _LARGEST_MANIFEST)
    except zlib.error:
        return b""
