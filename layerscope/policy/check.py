"""Asks all rules of an image."""

from collections.abc import Callable
from typing import Any

from layerscope.analysis.size.base_image import BaseImage
from layerscope.model.progress import Progress
from layerscope.policy import limits, paths
from layerscope.policy.facts import Baseline, CheckedImage
from layerscope.policy.outcome import CheckReport, RuleResult, Verdict
from layerscope.policy.rules import Rules, RulesFile
from layerscope.session.open import ImageSession, open_image
from layerscope.session.size.analysis import analyze_size

_RULES: dict[str, Callable[[CheckedImage, Any], Verdict]] = {
    "min_efficiency": limits.min_efficiency,
    "max_dead_size": limits.max_dead_size,
    "max_dead_share": limits.max_dead_share,
    "max_user_dead_share": limits.max_user_dead_share,
    "max_content_size": limits.max_content_size,
    "max_blob_size": limits.max_blob_size,
    "max_layer_size": limits.max_layer_size,
    "max_layers": limits.max_layers,
    "max_growth": limits.max_growth,
    "forbidden_paths": paths.forbidden_paths,
    "required_paths": paths.required_paths,
    "allowed_setuid": paths.allowed_setuid,
    "allowed_secrets": paths.allowed_secrets,
}
"""By field of `Rules`; what a rule is asked with is the value of that field."""


def check(
    session: ImageSession, file: RulesFile, base: BaseImage | None = None, baseline: Baseline | None = None
) -> CheckReport:
    """Return what became of the rules; it reads the layers."""
    facts = CheckedImage(analyze_size(session, base), file.rules, baseline)
    results = tuple(_result(facts, file, field) for field in _RULES if getattr(file.rules, field) is not None)
    return CheckReport(session.image, file, results, facts.problems)


def _result(facts: CheckedImage, file: RulesFile, field: str) -> RuleResult:
    rule = field.replace("_", "-")
    return RuleResult(rule, file.keys.get(rule, rule), _RULES[field](facts, getattr(facts.rules, field)))


def read_baseline(rules: Rules, reference: str | None, platform: str | None, progress: Progress) -> Baseline | None:
    """Return the image to compare with, by the reference or the one that the rules name; None where neither does.

    It is opened only where a rule asks for it.
    """
    reference = reference or rules.baseline
    if reference is None or rules.max_growth is None:
        return None
    with open_image(reference, platform=platform, progress=progress) as opened:
        diff_ids = frozenset(str(layer.diff_id) for layer in opened.image.layers)
        return Baseline(opened.image.name, opened.tallies.content_size, diff_ids)
