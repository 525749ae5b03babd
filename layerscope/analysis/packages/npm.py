"""Node packages: https://docs.npmjs.com/cli/configuring-npm/package-json."""

import json
from collections.abc import Iterator

from layerscope.analysis.packages.final_files import ParseBudget
from layerscope.analysis.packages.package import Package

DATABASES = ("**/node_modules/*/package.json", "**/node_modules/@*/*/package.json")

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


def read(path: bytes, data: bytes, _budget: ParseBudget) -> Iterator[Package]:
    """Yield the package of a manifest, which owns its folder."""
    folder = path.rpartition(b"/")[0]
    name, version = parse_manifest(data) if is_package_folder(folder) else ("", "")
    if name:
        yield Package("npm", name, version, (folder,), owns_folders=True)
