"""The report on a build as a JSON document."""

from layerscope.model.build_report import BuildReport, ReportedStep
from layerscope.report.json_document import SCHEMA_VERSION


def build_document(report: BuildReport) -> dict[str, object]:
    """Return the document; a build that failed or stored no image has no steps."""
    change = None
    if report.content_size is not None and report.previous_size is not None:
        change = report.content_size - report.previous_size
    miss = report.miss
    return {
        "schema_version": SCHEMA_VERSION,
        "builder": report.engine,
        "exit_status": report.exit_status,
        "reference": report.reference,
        "tag": report.tag,
        "dockerfile": report.dockerfile,
        "content_size": report.content_size,
        "previous_size": report.previous_size,
        "size_delta": change,
        "miss": None
        if miss is None
        else {**_step(miss.step), "cause": miss.cause.value, "text": miss.detail, "files": list(miss.files)},
        "steps": [_step(step) for step in report.steps],
    }


def _step(step: ReportedStep) -> dict[str, object]:
    cache = _cache_word(step)
    return {"instruction": step.title, "line": step.line, "layer": step.layer, "base": step.is_base, "cache": cache}


def _cache_word(step: ReportedStep) -> str | None:
    if step.is_base or step.is_cached is None:
        return None
    if not step.is_cached:
        return "miss"
    # a step that was there before the build may be one of the base
    return None if step.is_base is None else "hit"
