"""The report on a build: what it took from the cache, what it ran, and why."""

import os
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from layerscope.analysis.comparison.cache_miss import BuiltSteps, WrittenInstruction, first_miss, shown_value
from layerscope.analysis.dockerfile.placed import PlacedDockerfile, argument_names
from layerscope.cache.cache import Cache
from layerscope.errors import LayerscopeError
from layerscope.model.build_report import BuildReport, CacheMiss, MissCause, ReportedStep
from layerscope.model.image import Image, Step
from layerscope.session.dockerfile.cache_state import FIXED_TIMES, was_made_before
from layerscope.session.dockerfile.lines import dockerfile_of, read_dockerfile
from layerscope.session.dockerfile.remembered_build import RememberedBuild, RememberedDockerfile
from layerscope.session.image_session import ImageSession
from layerscope.session.local.build import BUILDAH, BuildRun
from layerscope.session.local.captured_image import CapturedImage, Unreadable, built_steps, shared_layers
from layerscope.session.open import open_image

_HASHED = re.compile(r"(?:ADD|COPY) (?:--\S+ )*(?:file|dir|multi):[0-9a-f]{12,64} in ")
"""An instruction of the classic builder and of podman, which does not name what it copies."""


def open_result(run: BuildRun) -> ImageSession | None:
    """Open the image that a build made, from the store where that can be read; None if it made none."""
    for reference in run.references:
        try:
            session = open_image(reference, cache=Cache())
        except LayerscopeError:
            # a builder of its own keeps its images to itself, and one for several platforms may have none for this one
            continue
        session.dockerfile_name = _dockerfile_name(run)
        return session
    return None


def report_build(run: BuildRun, session: ImageSession | None) -> BuildReport:
    """Return the report on a build whose result is open; without one, it says how the build ended."""
    tag, file = next(iter(run.options.tags), None), _dockerfile_name(run)
    if session is None:
        return BuildReport(run.builder, run.exit_status, None, tag, file)
    placed = _placed(run, session)
    reported = tuple(_reported(run, session.image, placed))
    previous = run.previous if isinstance(run.previous, CapturedImage) else None
    return BuildReport(
        run.builder,
        run.exit_status,
        session.image.reference,
        tag,
        file,
        reported,
        _miss(run, session, placed, reported),
        session.tallies.content_size,
        previous.content_size if previous else None,
        shared_layers(session.image, previous) if previous else None,
    )


def remembered(run: BuildRun, session: ImageSession, report: BuildReport) -> RememberedBuild:
    """Return what later runs should know of a build whose result is open."""
    placed, file = _placed(run, session), session.dockerfile_name
    dockerfile = None
    if placed is not None and file is not None:
        dockerfile = RememberedDockerfile(
            str(Path(file).absolute()),
            read_dockerfile(file),
            run.options.target,
            placed.layers,
            placed.matched,
            placed.expected,
        )
    return RememberedBuild(report, _argument_digests(run), dockerfile)


def _argument_digests(run: BuildRun) -> dict[str, str]:
    return {name: sha256(os.fsencode(value)).hexdigest() for name, value in _arguments(run).items()}


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


def _reported(run: BuildRun, image: Image, placed: PlacedDockerfile | None) -> Iterator[ReportedStep]:
    """Yield the steps that made a layer."""
    fixes_times = run.options.fixes_times or FIXED_TIMES in {*os.environ, *_arguments(run)}
    for step in image.steps:
        if step.layer:
            line = placed.line_of_layer.get(step.layer) if placed else None
            is_cached = None if fixes_times else was_made_before(step.created, run.started)
            is_base = step.layer in placed.base_layers if placed else None
            yield ReportedStep(_title(step, placed, line), step.layer, line, is_base, is_cached)


def _title(step: Step, placed: PlacedDockerfile | None, line: int | None) -> str:
    """Return the instruction as its builder recorded it, or as it is written where a hash stands for the files."""
    if placed is None or line is None or not _HASHED.match(step.title):
        return step.title
    return _source(placed, line)


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
    written = _written(placed, _changed_arguments(run)) if placed else {}
    return first_miss(reported, built_steps(session, [missed.layer]), old, written)


def _written(placed: PlacedDockerfile, changed: Mapping[str, str] | None) -> dict[int, WrittenInstruction]:
    """Return the instructions of the Dockerfile by the layers that they made."""
    names = argument_names(placed.dockerfile)
    return {
        layer: WrittenInstruction(_source(placed, line), names, changed) for layer, line in placed.line_of_layer.items()
    }


def _changed_arguments(run: BuildRun) -> dict[str, str] | None:
    """Return sentences about the build arguments that were others for the image before, None if those are not known."""
    previous = run.previous.arguments if isinstance(run.previous, CapturedImage) else None
    if previous is None:
        return None
    given, digests = _arguments(run), _argument_digests(run)
    return {
        name: f"argument {name} changed to {shown_value(given[name]) if name in given else 'its default'}"
        for name in {**previous, **digests}
        if previous.get(name) != digests.get(name)
    }


def _source(placed: PlacedDockerfile, line: int) -> str:
    """Return the instruction of a line without its options."""
    instruction = placed.instructions[line]
    return " ".join((instruction.keyword, *(instruction.words or instruction.arguments.split())))


def _refusal(run: BuildRun) -> str | None:
    """Return why the builder did not look into its cache, or None if it did."""
    if run.options.refuses_cache:
        return "the build ran with --no-cache"
    uses_layers = run.options.layers if run.options.layers is not None else os.environ.get("BUILDAH_LAYERS", "false")
    if run.builder == BUILDAH and uses_layers == "false":
        return "buildah uses no cache without --layers"
    return None
