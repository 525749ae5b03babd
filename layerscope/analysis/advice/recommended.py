"""Debian packages that are there only because others recommend them."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from layerscope.analysis.advice.advice import Advice, AdviceKind, Evidence, Instructions
from layerscope.analysis.packages.dpkg import INFO, STATUS, list_names, parse_paths
from layerscope.analysis.packages.dpkg_needs import MARKS, only_recommended
from layerscope.analysis.packages.final_files import LARGEST_DATABASE, FinalFiles
from layerscope.analysis.search.path_patterns import matching_nodes
from layerscope.analysis.size.live import LiveFiles
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.text import human_size, printable_line

_INSTALLS = re.compile(r"\b(?:apt-get|apt|aptitude)\b[^;&|]*\binstall\b")
_WITHOUT = re.compile(r"--no-install-recommends|--without-recommends|Install-Recommends[\s=]+\"?(?:false|0|no)")
_NAMED = 5


class _Needless(NamedTuple):
    """A package that is only recommended: the layer that installed it, the list of its files, and their places."""

    name: str
    layer: int
    listed: bytes
    places: frozenset[int]


def recommended_wanted(tree: LayeredTree, live: LiveFiles, instructions: Instructions) -> dict[int, int]:
    """Return which files, by occurrence, are likely to be read, and how many of their first bytes."""
    if not _installing(instructions):
        return {}
    nodes = matching_nodes(tree.index, [STATUS.decode(), MARKS.decode(), f"{INFO.decode()}*.list"])
    return {live.occurrences[place]: LARGEST_DATABASE for node in nodes for place in live.below(node, node + 1)}


def recommended_packages(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice for each layer whose ``apt install`` brought packages that are only recommended."""
    layers = _installing(evidence.instructions)
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


def _installing(instructions: Instructions) -> set[int]:
    """Return the layers whose instructions install what is recommended too."""
    return {
        layer
        for layer, instruction in instructions.items()
        if instruction and _INSTALLS.search(instruction) and not _WITHOUT.search(instruction)
    }


def _needless(evidence: Evidence) -> Iterator[_Needless]:
    files = FinalFiles(evidence.tree, evidence.live, evidence.prefixes)
    stanzas = only_recommended(files)
    lists = files.read(name for stanza in stanzas for name in list_names(stanza))
    for stanza in stanzas:
        listed = next((name for name in list_names(stanza) if name in lists), None)
        place = None if listed is None else files.position(listed)
        if listed is not None and place is not None:
            owned = {each for path in parse_paths(lists[listed]) if (each := files.position(path)) is not None}
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
