"""The report on a build for people, on standard error after the builder's own output."""

from collections.abc import Iterator
from pathlib import PurePath

from layerscope.model.build_report import BuildReport, CacheMiss
from layerscope.text import human_size, plural, printable_line, printable_name, signed_size


def build_lines(report: BuildReport) -> Iterator[str]:
    """Yield the lines: the steps, the first one that missed the cache and why, and the change in size."""
    own = [step.is_cached for step in report.steps if not step.is_base]
    known = [is_cached for is_cached in own if is_cached is not None]
    if known:
        # without a Dockerfile on this machine, the steps of the base are not told from those of the cache
        or_base = " or the base image" if any(step.is_base is None and step.is_cached for step in report.steps) else ""
        yield f"{plural(sum(known), 'step')} from the cache{or_base}, {len(known) - sum(known)} run"
    if len(known) < len(own):
        yield f"{plural(len(own) - len(known), 'step')}: the times in the image do not say whether from the cache"
    if report.miss is not None:
        yield f"cache miss: {miss_line(report.miss, report.dockerfile)}"
    if report.content_size is not None:
        yield _size_line(report)


def miss_line(miss: CacheMiss, dockerfile: str | None) -> str:
    """Return the step that missed the cache, its line and the reason: ``COPY a /srv/ (Dockerfile:3): a changed``."""
    name = PurePath(dockerfile).name if dockerfile else "Dockerfile"
    line = f" ({printable_name(name)}:{miss.step.line})" if miss.step.line else ""
    return f"{printable_line(miss.step.title)}{line}: {miss.detail}"


def _size_line(report: BuildReport) -> str:
    size = human_size(report.content_size)
    if report.previous_size is None or report.content_size is None or report.tag is None:
        return f"size: {size}"
    change = report.content_size - report.previous_size
    tag = printable_name(report.tag)
    compared = f"{signed_size(change)} against" if change else "as large as"
    return f"size: {size}, {compared} {tag} before"
