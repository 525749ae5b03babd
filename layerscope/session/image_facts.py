"""The documents of an image in the form that the analysis takes."""

from collections.abc import Iterable, Iterator, Mapping

from layerscope.analysis.comparison.config_and_packages import ConfigFacts, ConfigValue
from layerscope.analysis.comparison.layer_alignment import BuildStep
from layerscope.analysis.size.base_image import BaseImage, stated_base
from layerscope.model.documents import Healthcheck, ImageConfig, RunConfig
from layerscope.model.image import FileSpan, Image, Step
from layerscope.sources.image.documents import read_span

_A_SECOND = 1_000_000_000
"""In nanoseconds, the unit of a health check."""


def build_steps(image: Image) -> tuple[BuildStep, ...]:
    """Return the steps, with one for each layer that the history does not mention."""
    mentioned = {step.layer for step in image.steps}
    others = (Step(None, layer=layer.number) for layer in image.layers if layer.number not in mentioned)
    return tuple(_build_step(image, step) for step in (*image.steps, *others))


def _build_step(image: Image, step: Step) -> BuildStep:
    layer = image.layers[step.layer - 1] if step.layer else None
    diff_id = str(layer.diff_id) if layer and layer.diff_id else None
    return BuildStep(step.title, step.instruction, step.layer, diff_id, writable=layer is not None and layer.writable)


def config_facts(config: ImageConfig) -> ConfigFacts:
    """Return everything that the config states: env by variable, labels by key, ports and volumes one by one."""
    run = config.config or RunConfig()
    single: dict[str, ConfigValue | None] = {
        "platform": str(config.platform),
        "author": config.author,
        "user": run.user,
        "workdir": run.working_dir,
        "entrypoint": _command(run.entrypoint),
        "cmd": _command(run.cmd),
        "stop_signal": run.stop_signal,
        "stop_timeout": None if run.stop_timeout is None else f"{run.stop_timeout} s",
        "shell": _command(run.shell),
        "onbuild": _command(run.on_build),
    }
    many: dict[str, Iterable[tuple[str, ConfigValue]]] = {
        "healthcheck": _healthcheck(run.healthcheck or Healthcheck()),
        "env": _variables(run.env or ()),
        "labels": (run.labels or {}).items(),
        "ports": _names(run.exposed_ports),
        "volumes": _names(run.volumes),
    }
    facts: dict[tuple[str, str | None], ConfigValue] = {
        (field, None): value for field, value in single.items() if value
    }
    return facts | {(field, name): value for field, pairs in many.items() for name, value in sorted(pairs)}


def _command(command: list[str] | str | None) -> ConfigValue | None:
    return tuple(command) if isinstance(command, list) else command


def _healthcheck(check: Healthcheck) -> Iterator[tuple[str, ConfigValue]]:
    if check.test:
        yield "test", tuple(check.test)
    if check.retries:
        yield "retries", str(check.retries)
    times = {
        "interval": check.interval,
        "timeout": check.timeout,
        "start period": check.start_period,
        "start interval": check.start_interval,
    }
    yield from ((name, f"{time / _A_SECOND:g} s") for name, time in times.items() if time)


def _variables(env: Iterable[str]) -> Iterator[tuple[str, str]]:
    for variable in env:
        name, _, value = variable.partition("=")
        yield name, value


def _names(table: Mapping[str, object] | None) -> Iterator[tuple[str, str]]:
    return ((name, name) for name in table or {})


def stored_documents(image: Image) -> tuple[bytes | None, bytes | None]:
    """Return the config and the manifest as stored, None where the source has none; raises MissingBlob."""
    spans = dict[str, FileSpan]()
    for claim in image.claims():
        if claim.span is not None and claim.digest in (None, image.config_digest, image.digest):
            spans.setdefault(claim.subject, claim.span)
    config, manifest = (
        read_span(spans[subject], f"the {subject}") if subject in spans else None for subject in ("config", "manifest")
    )
    return config, manifest


def layer_diff_ids(image: Image) -> list[str]:
    """Return the diff_ids of the layers, base first."""
    return [str(layer.diff_id) for layer in image.layers]


def base_of(image: Image) -> BaseImage | None:
    """Return the base image that the image states, or None."""
    labels = (image.config.config.labels if image.config.config else None) or {}
    return stated_base(image.annotations, labels, layer_diff_ids(image))
