"""All rules of advice, and the choice of what is worth it."""

from collections.abc import Iterable, Iterator

from layerscope.analysis.advice.advice import Advice, AdviceKind, Evidence, Rule
from layerscope.analysis.advice.copies import duplicate_files, metadata_copies
from layerscope.analysis.advice.deleted_later import deleted_later, rewritten
from layerscope.analysis.advice.leftovers import (
    CORE_DUMPS,
    build_tools,
    bytecode,
    core_dumps,
    logs,
    version_control,
)
from layerscope.analysis.advice.package_caches import package_caches
from layerscope.analysis.advice.recommended import DEBIAN_DATABASES, recommended_packages
from layerscope.analysis.advice.secrets import SECRETS

RULES: tuple[Rule, ...] = (
    Rule(package_caches),
    Rule(version_control),
    Rule(core_dumps, CORE_DUMPS),
    Rule(bytecode),
    Rule(logs),
    Rule(build_tools),
    Rule(recommended_packages, DEBIAN_DATABASES),
    Rule(deleted_later),
    Rule(metadata_copies),
    Rule(rewritten),
    Rule(duplicate_files),
)
"""In order of precedence: a file counts for the first rule that gives advice on it."""

_RISKS = frozenset({AdviceKind.VERSION_CONTROL, AdviceKind.CORE_DUMP})
"""Kinds that are worth advice however little they save."""


RULE_NEEDS = (SECRETS, *(rule.need for rule in RULES if rule.need is not None))
"""The content of files that the rules and the search for secrets need."""


def advise(evidence: Evidence, rules: tuple[Rule, ...] = RULES) -> tuple[Advice, ...]:
    """Return all advice that is worth it, the largest saving first; no file counts for two pieces of it.

    A piece is worth it if it saves enough, or if all small ones on one instruction do so together.
    """
    accepted, small = list[Advice](), dict[int, list[Advice]]()
    for rule in rules:
        for advice in rule.find(evidence):
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
