"""The Debian packages that no other needs, by the rules of ``apt-get autoremove``: they were only recommended."""

import re
from collections.abc import Iterable, Iterator

from layerscope.analysis.packages.dpkg import Stanza, installed, parse_stanzas
from layerscope.analysis.packages.final_files import FinalFiles
from layerscope.analysis.packages.limits import ParseBudget

MARKS = b"var/lib/apt/extended_states"
"""The file in which apt marks the packages that were not installed by name."""

_NAME = re.compile(r"(?:^|[,|])\s*([^\s(:\[,|]+)")
"""A package name at the start of each alternative of a relationship field."""


def only_recommended(files: FinalFiles) -> list[Stanza]:
    """Return the automatically installed packages on which no package that was asked for depends, even indirectly."""
    stanzas = installed(files)
    databases = files.read([MARKS]).items()
    marks = [stanza for path, data in databases for stanza in parse_stanzas(files.lines(path, data))]
    automatic = {mark["package"] for mark in marks if mark.get("auto-installed") == "1"}
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
