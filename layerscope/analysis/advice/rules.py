"""All rules of advice, and the choice of what is worth it."""

from collections.abc import Iterable, Iterator

from layerscope.analysis.advice.advice import Advice, AdviceKind, Evidence, Instructions, Rule
from layerscope.analysis.advice.build_tools import build_tools
from layerscope.analysis.advice.deleted_later import deleted_later
from layerscope.analysis.advice.duplicate_files import duplicate_files
from layerscope.analysis.advice.leftovers import (
    bytecode,
    core_dump_bytes,
    core_dumps,
    core_dumps_wanted,
    logs,
    version_control,
)
from layerscope.analysis.advice.metadata_copies import metadata_copies
from layerscope.analysis.advice.package_caches import package_caches
from layerscope.analysis.advice.recommended import recommended_bytes, recommended_packages, recommended_wanted
from layerscope.analysis.advice.rewritten import rewritten
from layerscope.analysis.advice.secrets import secret_bytes, secrets_wanted
from layerscope.analysis.size.live import LiveFiles
from layerscope.analysis.tree.layered_tree import LayeredTree

RULES: tuple[Rule, ...] = (
    package_caches,
    version_control,
    core_dumps,
    bytecode,
    logs,
    build_tools,
    recommended_packages,
    deleted_later,
    metadata_copies,
    rewritten,
    duplicate_files,
)
"""In order of precedence: a file counts for the first rule that gives advice on it."""

_RISKS = frozenset({AdviceKind.VERSION_CONTROL, AdviceKind.CORE_DUMP})
"""Kinds that are worth advice however little they save."""


def wanted_prefixes(tree: LayeredTree, live: LiveFiles, instructions: Instructions) -> dict[int, int]:
    """Return the files, by occurrence, that rules read, and how many first bytes: one pass can read them all."""
    by_package = recommended_wanted(tree, live, instructions)
    return core_dumps_wanted(tree, live) | secrets_wanted(tree) | by_package


def rule_bytes(path: bytes, size: int) -> int:
    """Return how many first bytes of a file rules are likely to read, before it is known which files are live."""
    return max(core_dump_bytes(path), secret_bytes(path), recommended_bytes(path, size))


def advise(evidence: Evidence, rules: tuple[Rule, ...] = RULES) -> tuple[Advice, ...]:
    """Return all advice that is worth it, the largest saving first; no file counts for two pieces of it.

    A piece is worth it if it saves enough, or if all small ones on one instruction do so together.
    """
    accepted, small = list[Advice](), dict[int, list[Advice]]()
    for rule in rules:
        for advice in rule(evidence):
            if evidence.matters(advice.saves) or advice.kind in _RISKS:
                evidence.claimed.update(advice.files)
                accepted.append(advice)
            else:
                small.setdefault(advice.layer, []).append(advice)
    for pieces in small.values():
        together = list(_disjoint(evidence, pieces))
        if evidence.matters(sum(advice.saves for advice in together)):
            evidence.claimed.update(*(advice.files for advice in together))
            accepted += together
    return tuple(sorted(accepted, key=lambda advice: (-advice.saves, advice.layer)))


def _disjoint(evidence: Evidence, pieces: Iterable[Advice]) -> Iterator[Advice]:
    """Yield the pieces none of whose files was claimed, or is part of an earlier piece."""
    taken: set[int] = set()
    for advice in pieces:
        if advice.files and taken.isdisjoint(advice.files) and evidence.claimed.isdisjoint(advice.files):
            taken.update(advice.files)
            yield advice
