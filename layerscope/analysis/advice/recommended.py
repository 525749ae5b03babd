"""Debian packages that were installed only because others recommend them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from layerscope.analysis.advice.advice import Advice, AdviceKind, Evidence, Instructions
from layerscope.analysis.advice.edits import Edits, replaced
from layerscope.analysis.advice.package_caches import INSTALL, apt_uses
from layerscope.analysis.content import ContentNeed, ImageFiles
from layerscope.analysis.packages.dpkg import INFO, MARKS, STATUS, list_names, only_recommended, parse_paths
from layerscope.analysis.packages.final_files import FinalFiles, needed_of_database, needed_of_databases
from layerscope.analysis.search.path_patterns import matching_nodes
from layerscope.text import human_size, plural, printable_line

_WITHOUT = re.compile(r"--no-install-recommends|--without-recommends|Install-Recommends[\s=]+\"?(?:false|0|no)")
_NAMED = 5

_DATABASES = (STATUS.decode(), MARKS.decode(), f"{INFO.decode()}*.list")


class _Needless(NamedTuple):
    """A package that is only recommended: the layer that installed it, the path of its file list, and its files."""

    name: str
    layer: int
    listed: bytes
    files: frozenset[int]


def _needed_of_file(path: bytes, size: int) -> int:
    is_list = path.startswith(INFO) and path.endswith(b".list")
    return needed_of_database(size) if is_list or path in (STATUS, MARKS) else 0


def _needed_of_image(files: ImageFiles) -> Mapping[int, int]:
    if not _installing(files.instructions):
        return {}
    return needed_of_databases(files.live, matching_nodes(files.tree.index, _DATABASES))


DEBIAN_DATABASES = ContentNeed(_needed_of_file, _needed_of_image, _DATABASES)
"""The databases of Debian packages, if an instruction may have installed recommended ones."""


def recommended_packages(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice for each layer whose ``apt install`` brought packages that are only recommended."""
    layers = _installing(evidence.instructions)
    by_layer: dict[int, list[_Needless]] = {}
    for package in _needless(evidence) if layers else ():
        if package.layer in layers:
            by_layer.setdefault(package.layer, []).append(package)
    for layer, packages in by_layer.items():
        packages.sort(key=lambda package: (-evidence.size(package.files), package.name))
        files = frozenset[int]().union(*(package.files for package in packages)) - evidence.claimed
        text = _text(evidence.size(files), [package.name for package in packages])
        paths = (package.listed for package in packages)
        yield evidence.advice(
            AdviceKind.RECOMMENDED_PACKAGES,
            layer,
            files,
            cause=f"{plural(len(packages), 'package')} that were only recommended",
            text=text,
            paths=paths,
            edits=_edits(evidence, layer),
        )


def _edits(evidence: Evidence, layer: int) -> Edits:
    run = evidence.run(layer)
    installs = list(apt_uses(run, INSTALL))
    return replaced(layer, run, installs[0], f"{installs[0]} --no-install-recommends") if len(installs) == 1 else ()


def _installing(instructions: Instructions) -> set[int]:
    """Return the layers whose instructions install recommended packages too."""
    return {
        layer
        for layer, instruction in instructions.items()
        if instruction and any(apt_uses(instruction, INSTALL)) and not _WITHOUT.search(instruction)
    }


def _needless(evidence: Evidence) -> Iterator[_Needless]:
    files = FinalFiles(evidence.tree, evidence.live, evidence.prefixes)
    stanzas = only_recommended(files)
    lists = files.read(name for stanza in stanzas for name in list_names(stanza))
    for stanza in stanzas:
        listed = next((name for name in list_names(stanza) if name in lists), None)
        position = None if listed is None else files.position(listed)
        if listed is not None and position is not None:
            paths = parse_paths(files.lines(listed, lists.pop(listed)))
            own = (at for path in paths if (at := files.position(path)) is not None)
            owned = frozenset(copy for _, copy in evidence.with_copies(map(files.live.occurrences.__getitem__, own)))
            yield _Needless(stanza["package"], evidence.origin(files.live.occurrences[position]), listed, owned)


def _text(size: int, names: Sequence[str]) -> str:
    named = ", ".join(printable_line(name) for name in names[:_NAMED])
    others = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (
        f"{human_size(size)} are packages that were only recommended ({named}{others}). Install with"
        " `--no-install-recommends`, and name those that you need."
    )
