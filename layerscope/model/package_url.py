"""Package URLs, which name a package of any kind: ``pkg:deb/debian/nginx@1.26?arch=amd64``.

https://github.com/package-url/purl-spec/blob/main/PURL-SPECIFICATION.rst
"""

from typing import NamedTuple
from urllib.parse import unquote

_SCHEME = "pkg:"


class PackageUrl(NamedTuple):
    """A package URL without its qualifiers; ``name`` includes the namespace: ``debian/nginx``, ``@scope/name``."""

    type: str
    name: str
    version: str


def parse_package_url(text: str) -> PackageUrl | None:
    """Return the parts of a package URL, or None if the text is not one."""
    if not text.startswith(_SCHEME):
        return None
    path = text.removeprefix(_SCHEME).lstrip("/").partition("#")[0].partition("?")[0]
    kind, _, rest = path.partition("/")
    at = rest.rfind("@")
    # some write the scope of an npm package without an escape, and no version: ``@scope/name``
    has_version = at > rest.rfind("/")
    name, version = (rest[:at], rest[at + 1 :]) if has_version and at > 0 else (rest, "")
    return PackageUrl(kind.lower(), unquote(name).strip("/"), unquote(version)) if name else None
