"""The Debian packages that no other needs, by the rules of ``apt-get autoremove``: they were only recommended."""

import re
from collections.abc import Iterable, Iterator, Mapping

from layerscope.analysis.packages.dpkg import Stanza, installed, parse_stanzas
from layerscope.analysis.packages.final_files import FinalFiles

MARKS = b"var/lib/apt/extended_states"
"""The file in which apt marks the packages that were not installed by name."""

_NAME = re.compile(r"[^\s(:\[]+")


def only_recommended(files: FinalFiles) -> list[Stanza]:
    """Return the automatically installed packages on which no package that was asked for depends, even indirectly."""
    stanzas = installed(files)
    marks = [stanza for data in files.read([MARKS]).values() for stanza in parse_stanzas(data)]
    automatic = {mark["package"] for mark in marks if mark.get("auto-installed") == "1"}
    providers = _providers(stanzas)
    waiting = [stanza for stanza in stanzas if stanza["package"] not in automatic]
    needed = set(map(id, waiting))
    while waiting:
        for stanza in _dependencies(waiting.pop(), providers):
            if id(stanza) not in needed:
                needed.add(id(stanza))
                waiting.append(stanza)
    return [stanza for stanza in stanzas if id(stanza) not in needed]


def _providers(stanzas: Iterable[Stanza]) -> Mapping[str, list[Stanza]]:
    """Return the packages by each name that a dependency may use for them."""
    providers: dict[str, list[Stanza]] = {}
    for stanza in stanzas:
        for name in (stanza["package"], *_names(stanza.get("provides", ""))):
            providers.setdefault(name, []).append(stanza)
    return providers


def _dependencies(stanza: Stanza, providers: Mapping[str, list[Stanza]]) -> Iterator[Stanza]:
    for field in ("depends", "pre-depends"):
        for name in _names(stanza.get(field, "")):
            yield from providers.get(name, ())


def _names(relation: str) -> Iterator[str]:
    """Yield all package names of a relationship field, including alternatives."""
    for part in re.split(r"[,|]", relation):
        match = _NAME.match(part.strip())
        if match:
            yield match[0]
