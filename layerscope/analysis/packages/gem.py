"""Ruby gems: https://guides.rubygems.org/specification-reference/."""

import re
from collections.abc import Iterator

from layerscope.analysis.packages.final_files import ParseBudget
from layerscope.analysis.packages.package import Package

_DEFAULT = b"/default"
DATABASES = ("**/specifications/*.gemspec", f"**/specifications{_DEFAULT.decode()}/*.gemspec")

_FIELD = re.compile(rb"""\s*\w+\.(name|version)\s*=\s*(?:Gem::Version\.new\(?\s*)?["']([^"']+)["']""")


def read(path: bytes, data: bytes, budget: ParseBudget) -> Iterator[Package]:
    """Yield the gem of a specification, which owns its folder in ``gems``, unless it came with Ruby itself."""
    fields: dict[bytes, str] = {}
    for line in budget.lines(data):
        if field := _FIELD.match(line):
            fields.setdefault(field[1], field[2].decode("utf-8", "replace"))
    if len(fields) == len((b"name", b"version")):
        folder, _, file = path.rpartition(b"/")
        home = folder.removesuffix(_DEFAULT).rpartition(b"/")[0]
        own = (home + b"/gems/" + file.removesuffix(b".gemspec")).strip(b"/")
        yield Package("gem", fields[b"name"], fields[b"version"], (path, own), owns_folders=True)
