"""Debian packages that are there only because others recommend them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from layerscope.analysis.advice.advice import Advice, AdviceKind, Evidence
from layerscope.analysis.packages.dpkg import list_names, parse_paths
from layerscope.analysis.packages.dpkg_needs import only_recommended
from layerscope.analysis.packages.final_files import FinalFiles
from layerscope.text import human_size, printable_line

_INSTALLS = re.compile(r"\b(?:apt-get|apt|aptitude)\b[^;&|]*\binstall\b")
_WITHOUT = re.compile(r"--no-install-recommends|--without-recommends|Install-Recommends[\s=]+\"?(?:false|0|no)")
_NAMED = 5


@dataclass(frozen=True, slots=True)
class _Needless:
    """A package that is only recommended: the layer that installed it, the list of its files, and their places."""

    name: str
    layer: int
    listed: bytes
    places: frozenset[int]


def recommended_packages(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice for each layer whose ``apt install`` brought packages that are only recommended."""
    layers = {layer for layer, each in evidence.instructions.items() if each and _installs_recommended(each)}
    found: dict[int, list[_Needless]] = {}
    for package in _needless(evidence) if layers else ():
        if package.layer in layers:
            found.setdefault(package.layer, []).append(package)
    for layer, packages in found.items():
        size = _size(evidence, packages)
        packages.sort(key=lambda package: (-_size(evidence, [package]), package.name))
        if evidence.matters(size):
            text = _text(size, [package.name for package in packages])
            paths = (package.listed for package in packages)
            yield evidence.advice(AdviceKind.RECOMMENDED_PACKAGES, layer, size, text, paths)


def _installs_recommended(instruction: str) -> bool:
    return _INSTALLS.search(instruction) is not None and _WITHOUT.search(instruction) is None


def _needless(evidence: Evidence) -> Iterator[_Needless]:
    files = FinalFiles(evidence.tree, evidence.live, evidence.heads)
    stanzas = only_recommended(files)
    lists = files.read(name for stanza in stanzas for name in list_names(stanza))
    for stanza in stanzas:
        listed = next((name for name in list_names(stanza) if name in lists), None)
        place = None if listed is None else files.place(listed)
        if listed is not None and place is not None:
            owned = {each for path in parse_paths(lists[listed]) if (each := files.place(path)) is not None}
            yield _Needless(stanza["package"], files.live.layers[place], listed, frozenset(owned))


def _size(evidence: Evidence, packages: Sequence[_Needless]) -> int:
    return sum(evidence.live.sizes[place] for place in frozenset[int]().union(*(each.places for each in packages)))


def _text(size: int, names: Sequence[str]) -> str:
    named = ", ".join(printable_line(name) for name in names[:_NAMED])
    others = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (
        f"{human_size(size)} are packages that were only recommended ({named}{others}). Install with"
        " `--no-install-recommends`, and name those of them that you need."
    )
