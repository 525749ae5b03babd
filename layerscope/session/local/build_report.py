"""The report on a build: what it took from the cache, what it ran, and why."""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from layerscope.analysis.comparison.cache_miss import BuiltSteps, WrittenInstruction, first_miss
from layerscope.analysis.dockerfile.placed import PlacedDockerfile, argument_names
from layerscope.errors import LayerscopeError
from layerscope.model.build_report import BuildReport, CacheMiss, MissCause, ReportedStep
from layerscope.model.image import Image, Step
from layerscope.session.dockerfile import dockerfile_of
from layerscope.session.local.build import BUILDAH, BuildRun
from layerscope.session.local.captured_image import CapturedImage, Unreadable, built_steps, shared_layers
from layerscope.session.open import ImageSession, open_image, open_stored_image

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,6})?\d*(Z|[+-]\d\d:\d\d)")
_HASHED = re.compile(r"(?:ADD|COPY) (?:--\S+ )*(?:file|dir|multi):[0-9a-f]{12,64} in ")
"""An instruction of the classic builder and of podman, which does not name what it copies."""


def open_result(run: BuildRun) -> ImageSession | None:
    """Open the image that a build made, from the store where that can be read; None if it made none."""
    if run.reference is None:
        return None
    try:
        stored = open_stored_image(run.reference) if run.reference.startswith(f"{run.engine}://") else None
        session = stored or open_image(run.reference)
    except LayerscopeError:
        # a builder of its own keeps its images to itself, and one for several platforms may have none for this one
        return None
    session.dockerfile_name = _dockerfile_name(run)
    return session


def report_build(run: BuildRun, session: ImageSession | None) -> BuildReport:
    """Return the report on a build whose result is open; without one, it says how the build ended."""
    tag, file = next(iter(run.options.tags), None), _dockerfile_name(run)
    reference = run.reference if session is not None else None
    if session is None:
        return BuildReport(run.builder, run.exit_status, reference, tag, file)
    placed = _placed(run, session)
    reported = tuple(_reported(session.image, placed, run.started))
    previous = run.previous if isinstance(run.previous, CapturedImage) else None
    return BuildReport(
        run.builder,
        run.exit_status,
        reference,
        tag,
        file,
        reported,
        _miss(run, session, placed, reported),
        session.tallies.content_size,
        previous.content_size if previous else None,
        shared_layers(session.image, previous) if previous else None,
    )


def _dockerfile_name(run: BuildRun) -> str | None:
    file = run.options.dockerfile(run.engine)
    return None if file is None else str(file)


def _placed(run: BuildRun, session: ImageSession) -> PlacedDockerfile | None:
    """Return the Dockerfile that was built, or None if it is not on this machine and not in the image."""
    try:
        return dockerfile_of(session.image, session.dockerfile_name, run.options.target, _arguments(run))
    except LayerscopeError:
        return None


def _arguments(run: BuildRun) -> dict[str, str]:
    """Return the build arguments that the user gave."""
    pairs = (argument.partition("=") for argument in run.options.arguments)
    return {name: value if equals else os.environ.get(name, "") for name, equals, value in pairs}


def _reported(image: Image, placed: PlacedDockerfile | None, started: datetime) -> Iterator[ReportedStep]:
    """Yield the steps that made a layer."""
    base = placed.layers.get(placed.chain[0].instructions[0].line, ()) if placed else ()
    for step in image.steps:
        if step.layer:
            line = placed.line_of_layer.get(step.layer) if placed else None
            is_cached = _is_before(step.created, started)
            yield ReportedStep(_title(step, placed, line), step.layer, line, step.layer in base, is_cached)


def _title(step: Step, placed: PlacedDockerfile | None, line: int | None) -> str:
    """Return the instruction as its builder recorded it, or as it is written where a hash stands for the files."""
    if placed is None or line is None or not _HASHED.match(step.title):
        return step.title
    return _source(placed, line)


def _is_before(created: str | None, started: datetime) -> bool | None:
    """Return whether a step was made before the build started, which a cached one was; None if that is unknown."""
    match = _TIME.match(created or "")
    if match is None:
        return None
    try:
        return datetime.fromisoformat(f"{match[1]}{match[2] or ''}{match[3]}").astimezone(UTC) < started
    except ValueError:
        return None


def _miss(
    run: BuildRun, session: ImageSession, placed: PlacedDockerfile | None, reported: tuple[ReportedStep, ...]
) -> CacheMiss | None:
    missed = next((step for step in reported if step.is_cached is False and not step.is_base), None)
    if missed is None:
        return None
    refusal = _refusal(run)
    if refusal is not None:
        return CacheMiss(missed, MissCause.NO_CACHE, refusal)
    if isinstance(run.previous, Unreadable) or (run.previous is None and not run.options.tags):
        why = "the image before is not known" if run.previous else "without a tag, there is no image to compare with"
        return CacheMiss(missed, MissCause.UNKNOWN, why)
    old: BuiltSteps | None = run.previous.steps if run.previous else None
    return first_miss(reported, built_steps(session, [missed.layer]), old, _written(placed) if placed else {})


def _written(placed: PlacedDockerfile) -> dict[int, WrittenInstruction]:
    """Return the instructions of the Dockerfile by the layers that they made."""
    names = argument_names(placed.dockerfile)
    return {layer: WrittenInstruction(_source(placed, line), names) for layer, line in placed.line_of_layer.items()}


def _source(placed: PlacedDockerfile, line: int) -> str:
    """Return the instruction of a line without its options."""
    instruction = placed.instructions[line]
    return " ".join((instruction.keyword, *instruction.arguments.split()))


def _refusal(run: BuildRun) -> str | None:
    """Return why the builder did not look into its cache, or None if it did."""
    if run.options.refuses_cache:
        return "the build ran with --no-cache"
    uses_layers = run.options.layers if run.options.layers is not None else os.environ.get("BUILDAH_LAYERS", "false")
    if run.builder == BUILDAH and uses_layers == "false":
        return "buildah uses no cache without --layers"
    return None
