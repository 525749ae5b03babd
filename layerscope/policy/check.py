"""The check of an image against all rules of a file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from layerscope.analysis.dockerfile.placed import PlacedDockerfile
from layerscope.analysis.size.base_image import BaseImage
from layerscope.cache.cache import Cache
from layerscope.errors import UsageError, os_reason
from layerscope.model.progress import Progress
from layerscope.policy import limits, paths
from layerscope.policy.facts import Baseline, CheckedImage
from layerscope.policy.outcome import CheckReport, RuleResult, Verdict
from layerscope.policy.rules import Rules, RulesFile
from layerscope.session.loaded_image import LoadedImage
from layerscope.session.open import open_image
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.text import printable_line, printable_name

_RULES: dict[str, Callable[[CheckedImage, Any], Verdict]] = {
    "min_efficiency": limits.min_efficiency,
    "min_dive_efficiency": limits.min_dive_efficiency,
    "max_dead_size": limits.max_dead_size,
    "max_dead_share": limits.max_dead_share,
    "max_user_dead_share": limits.max_user_dead_share,
    "max_content_size": limits.max_content_size,
    "max_blob_size": limits.max_blob_size,
    "max_layer_size": limits.max_layer_size,
    "max_layers": limits.max_layers,
    "max_growth": limits.max_growth,
    "max_pull_size": limits.max_pull_size,
    "forbidden_paths": paths.forbidden_paths,
    "required_paths": paths.required_paths,
    "allowed_setuid": paths.allowed_setuid,
    "allowed_secrets": paths.allowed_secrets,
    "allowed_new_packages": paths.allowed_new_packages,
    "allowed_new_setuid": paths.allowed_new_setuid,
    "allowed_new_secrets": paths.allowed_new_secrets,
}
"""The checks by field of `Rules`; the value of the field is their second argument."""


def check(
    loaded: LoadedImage,
    file: RulesFile,
    base: BaseImage | None = None,
    baseline: Baseline | None = None,
    dockerfile: PlacedDockerfile | None = None,
) -> CheckReport:
    """Return the results of the rules; with the ``dockerfile`` of the image, its lines are named."""
    facts = CheckedImage(SizeAnalysis(loaded, base), file.rules, baseline)
    results = tuple(_result(facts, file, field) for field in _RULES if getattr(file.rules, field) is not None)
    return CheckReport(loaded.image, file, results, facts.problems, dockerfile)


def _result(facts: CheckedImage, file: RulesFile, field: str) -> RuleResult:
    rule = field.replace("_", "-")
    return RuleResult(rule, file.keys.get(rule, rule), _RULES[field](facts, getattr(facts.rules, field)))


def read_baseline(
    rules: Rules, reference: str | None, platform: str | None, progress: Progress, cache: Cache | None
) -> Baseline | None:
    """Open the image to compare with: the reference, or the one that the rules name; None without either.

    It is opened only if a rule compares with it. A file ``*.json`` is the ``layers`` document of an image.
    """
    reference = reference or rules.baseline
    if reference is None or not rules.use_baseline:
        return None
    if reference.endswith(".json") and Path(reference).is_file():
        return _documented(Path(reference))
    with open_image(reference, platform=platform, progress=progress, cache=cache) as opened:
        diff_ids = frozenset(str(layer.diff_id) for layer in opened.image.layers)
        facts = CheckedImage(SizeAnalysis(opened.load()), rules)
        if facts.problems:
            return Baseline(opened.image.name, None, diff_ids)
        packages = setuid = secrets = None
        if rules.allowed_new_packages is not None and not facts.analysis.packages.unread:
            packages = frozenset(each.package[:2] for each in facts.analysis.packages.packages)
        if rules.allowed_new_setuid is not None:
            setuid = frozenset(map(facts.analysis.tree.index.path, paths.setuid_files(facts)))
        if rules.allowed_new_secrets is not None:
            secrets = frozenset((secret.path, secret.kind) for secret in facts.analysis.report.secrets)
        return Baseline(opened.image.name, opened.tallies.content_size, diff_ids, packages, setuid, secrets)


class _ImageFacts(Struct):
    reference: str
    content_size: int | None


class _LayerFacts(Struct):
    diff_id: str | None


class _LayersDocument(Struct):
    """The sizes of a ``layers`` document that rules compare with."""

    schema_version: Literal[2]
    image: _ImageFacts
    layers: list[_LayerFacts]


def _documented(path: Path) -> Baseline:
    name = printable_name(str(path))
    try:
        document = msgspec.json.decode(path.read_bytes(), type=_LayersDocument)
    except OSError as error:
        raise UsageError(f"cannot read the baseline {name}: {os_reason(error)}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        cause = printable_line(str(error))
        raise UsageError(f"{name} is not the document of `layerscope layers IMAGE --json`: {cause}") from error
    diff_ids = frozenset(str(layer.diff_id) for layer in document.layers)
    return Baseline(document.image.reference, document.image.content_size, diff_ids)
