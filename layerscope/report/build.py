"""The report on a build: a document, and lines for people on stderr after the builder's own output."""

from collections.abc import Iterator
from pathlib import PurePath
from typing import TextIO

from msgspec import Struct

from layerscope.model.build_report import BuildReport, CacheMiss, ReportedStep
from layerscope.report.json_document import Document, write_document
from layerscope.text import human_size, plural, printable_line, printable_name, signed_size


class BuiltStepPart(Struct):
    """A step that made a layer. ``cache`` is hit or miss; null for the base image, and where it is unknown."""

    instruction: str
    line: int | None
    layer: int
    base: bool | None
    cache: str | None


class MissPart(BuiltStepPart):
    """The first step that missed the cache; ``files`` are those that differ."""

    cause: str
    text: str
    files: list[str]


class BuildDocument(Document, kw_only=True):
    """The whole document; a build that failed or stored no image has no steps."""

    builder: str
    exit_status: int
    reference: str | None
    tag: str | None
    dockerfile: str | None
    content_size: int | None
    previous_size: int | None
    size_delta: int | None
    miss: MissPart | None
    steps: list[BuiltStepPart]


def write_build_document(report: BuildReport, file: TextIO) -> None:
    """Write the document."""
    miss = report.miss
    document = BuildDocument(
        builder=report.engine,
        exit_status=report.exit_status,
        reference=report.reference,
        tag=report.tag,
        dockerfile=report.dockerfile,
        content_size=report.content_size,
        previous_size=report.previous_size,
        size_delta=report.size_delta,
        miss=None if miss is None else MissPart(*_step(miss.step), miss.cause.value, miss.detail, list(miss.files)),
        steps=[BuiltStepPart(*_step(step)) for step in report.steps],
    )
    write_document(document, file)


def _step(step: ReportedStep) -> tuple[str, int | None, int, bool | None, str | None]:
    """Return the fields of a `BuiltStepPart`."""
    return step.title, step.line, step.layer, step.is_base, _cache_word(step)


def _cache_word(step: ReportedStep) -> str | None:
    if step.is_base or step.is_cached is None:
        return None
    if not step.is_cached:
        return "miss"
    # a step that was there before the build may be one of the base
    return None if step.is_base is None else "hit"


def build_lines(report: BuildReport) -> Iterator[str]:
    """Yield the lines: the steps, the first one that missed the cache and why, and the change in size."""
    own = [step.is_cached for step in report.steps if not step.is_base]
    known = [is_cached for is_cached in own if is_cached is not None]
    if known:
        # without a Dockerfile on this machine, the steps of the base cannot be distinguished from those of the cache
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
    if report.size_delta is None or report.tag is None:
        return f"size: {size}"
    tag = printable_name(report.tag)
    compared = f"{signed_size(report.size_delta)} against" if report.size_delta else "as large as"
    return f"size: {size}, {compared} {tag} before"
