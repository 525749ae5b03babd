"""The details of a step and its layer, of the image, of the engine's storage that holds it, and of a container."""

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from layerscope.analysis.tree.tally import LayerTally, Tallies
from layerscope.model.documents import Digest, RunConfig
from layerscope.model.image import Compression, Image, Layer, Step
from layerscope.model.local import Container, Mount, Storage
from layerscope.model.provenance import Attestations, Provenance, RegistryFacts
from layerscope.session.summary import limit_words, sbom_words
from layerscope.text import exec_form, human_share, human_size, plural, short_name
from layerscope.tui.drawing.cells import excerpt
from layerscope.tui.widgets.field_list import Field

if TYPE_CHECKING:
    from layerscope.analysis.packages.sbom import SbomComparison
    from layerscope.analysis.tree.path_history import CopyUp

_SHORT_DIGEST = len("sha256:") + 16
"""Characters of a digest that are shown."""

_FRAME = re.compile(r"^\s*RUN\b|/bin/sh -c\b|#\(nop\)|# buildkit\s*$")
"""The parts of a history line that do not belong to the instruction."""

_UNKNOWN = "the engine does not report it"

_SHORT_ID = 12

_POSSIBLE_CHANGES = {
    (True, True): " to change nothing but its time",
    (True, False): " unchanged",
    (False, True): " to change its content or its time",
    (False, False): ", perhaps to change its content",
}
"""A change of none of the aspects that are known, by whether the content is known and whether the times differ."""


def step_fields(
    step: Step, layer: Layer | None, tallies: Tallies, storage: Storage | None = None, *, opaque: int = 0
) -> list[Field]:
    """Return the details of a step, and where the engine's storage keeps its layer; opaque whiteouts hid ``opaque``."""
    fields = [("Step", excerpt(step.title))]
    if layer is not None:
        tally = tallies.layers.get(layer.number)
        fields += _layer_fields(layer, tally, tallies, opaque)
    else:
        fields.append(("Layer", "none: the step changed only the config"))
    return [
        *fields,
        ("Created", time_words(step.created)),
        ("Author", excerpt(step.author or "")),
        *(_digest_fields(layer) if layer else []),
        *([location_field(storage, layer)] if storage and layer else []),
        ("Created by", "" if _repeats(step) else excerpt(step.created_by or "")),
    ]


def _repeats(step: Step) -> bool:
    """Return whether the title of a step says all that its history line does, a shell and the builder aside."""
    return " ".join(_FRAME.sub(" ", step.created_by or "").split()) == " ".join(_FRAME.sub(" ", step.title).split())


def time_words(text: str | None) -> str:
    """Return a time as ``2026-11-25 10:36 UTC``, or as it is if it is none."""
    try:
        return datetime.fromisoformat(text or "").astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError):
        return excerpt(text or "")


def _digest_fields(layer: Layer) -> list[Field]:
    """Return the start of digest and diff_id, once if they are the same; a key copies all of it."""
    return [
        ("Digest", _short(layer.digest)),
        ("diff_id", "" if layer.digest == layer.diff_id else _short(layer.diff_id)),
    ]


def rare_fields(step: Step, layer: Layer | None) -> list[Field]:
    """Return what few ask of a step, for the details of the image."""
    name = f"Layer {layer.number}" if layer else "Step"
    fields = [
        ("comment", "" if step.comment == step.title else excerpt(step.comment or "")),
        ("diff_id", str(layer.diff_id or "") if layer else ""),
        ("media type", excerpt(layer.media_type or "") if layer else ""),
    ]
    return [(name, f"{label} {value}") for label, value in fields if value]


def _short(digest: Digest | None) -> str:
    text = str(digest or "")
    return text if len(text) <= _SHORT_DIGEST else f"{text[:_SHORT_DIGEST]}…"


def _layer_fields(layer: Layer, tally: LayerTally | None, tallies: Tallies, opaque: int) -> list[Field]:
    stored = f"{human_size(layer.blob_size)} {_stored(layer)}" if layer.blob_size is not None else ""
    if tally is None:
        return [("Problem", excerpt(layer.problem or "")), ("Stored", stored)]
    listed = "" if layer.table is None else "from the table of contents: --full reads the layer itself"
    return [
        *_problem_fields(layer, tally),
        *_size_fields(layer, tally, tallies, opaque),
        ("Listed", listed),
        ("Stored", stored),
    ]


def _problem_fields(layer: Layer, tally: LayerTally) -> list[Field]:
    problems = [layer.problem, tally.error if tally.error != layer.problem else None]
    fields = [("Problem", excerpt(problem or "")) for problem in problems]
    if tally.rests_on_incomplete:
        fields.append(("Note", "a previous layer could not be read completely"))
    return [*fields, *(("Warning", excerpt(warning)) for warning in tally.warnings)]


def _size_fields(layer: Layer, tally: LayerTally, tallies: Tallies, opaque: int) -> list[Field]:
    fields = []
    if tally.content_size is not None:
        share = human_share(tally.content_size, tallies.content_size)
        fields.append(("Content", f"{human_size(tally.content_size)}{f', {share} of the image' if share else ''}"))
    dead = tallies.dead_in(layer.number)
    if dead:
        fields.append(("Dead", f"{human_size(dead)}: hidden by a later layer, but still part of the image"))
    if tally.entries is not None:
        removed = f"-{tally.removed:,}{f', {opaque:,} of them by an opaque whiteout' if opaque else ''}"
        counts = (f"+{tally.added:,}", f"~{tally.modified:,}", removed)
        fields.append(("Entries", f"{tally.entries:,}  ({'  '.join(counts)})"))
    return fields


def _stored(layer: Layer) -> str:
    return "plain" if layer.compression is Compression.NONE else f"as {layer.compression}"


def attestation_fields(attestations: Attestations, sbom: "SbomComparison | None") -> list[Field]:
    """Return what the attestations about the image say of its build; ``sbom`` is None until it has been compared."""
    provenance = attestations.provenance or Provenance()
    packages = attestations.sbom_packages
    listed = "" if packages is None else plural(len(packages), "package")
    return [
        ("Built by", excerpt(provenance.builder)),
        ("Built from", excerpt(" ".join(filter(None, (provenance.source, provenance.revision))))),
        ("Built at", excerpt(provenance.started or "")),
        *(("Built with", excerpt(f"{material.uri} {material.digest}")) for material in provenance.materials),
        *(("Argument", excerpt(f"{name}={value}")) for name, value in sorted(provenance.build_arguments.items())),
        ("SBOM", sbom_words(sbom) if sbom else listed),
        *(("Attested", excerpt(kind)) for kind in attestations.kinds),
        *(("Note", excerpt(problem)) for problem in attestations.problems),
    ]


def registry_fields(registry: RegistryFacts) -> list[Field]:
    """Return what the registry says of an image."""
    return [
        *(("Attached", excerpt(artifact)) for artifact in registry.attached),
        ("Limit", "" if registry.rate_limit is None else limit_words(registry.rate_limit)),
        ("Note", excerpt(registry.problem)),
    ]


def image_fields(
    image: Image,
    tallies: Tallies,
    sbom: "SbomComparison | None" = None,
    registry: RegistryFacts | None = None,
) -> list[Field]:
    """Return the details of the image and of its config.

    Those of its SBOM follow once it has been compared, and what a registry says once it has been asked.
    """
    is_known = image.read_registry is None or registry is not None
    attestations = registry.attestations if registry else image.attestations if is_known else Attestations()
    return [
        ("Image", excerpt(", ".join(image.tags) or image.reference)),
        ("Platform", excerpt(str(image.platform))),
        *(container_fields(image.container) if image.container else []),
        *(storage_fields(image.storage) if image.storage else []),
        ("Source", f"{image.source}, {plural(len(image.layers), 'layer')}"),
        *(("Warning", excerpt(warning)) for warning in image.warnings),
        ("Content", human_size(tallies.content_size) if tallies.layers else ""),
        ("Stored", human_size(image.blob_size)),
        ("Created", time_words(image.config.created)),
        ("Author", excerpt(image.config.author or "")),
        ("Digest", str(image.digest or "")),
        ("Config", str(image.config_digest or "")),
        ("Registry", "" if is_known else "asking for attestations and other artifacts"),
        *attestation_fields(attestations, sbom),
        *registry_fields(registry or RegistryFacts()),
        *_config_fields(image.config.config or RunConfig()),
    ]


def _config_fields(config: RunConfig) -> list[Field]:
    return [
        ("Entrypoint", _command(config.entrypoint)),
        ("Cmd", _command(config.cmd)),
        ("User", excerpt(config.user or "")),
        ("Workdir", excerpt(config.working_dir or "")),
        ("Ports", excerpt(" ".join(config.exposed_ports or ()))),
        ("Volumes", excerpt(" ".join(config.volumes or ()))),
        ("Stop signal", excerpt(config.stop_signal or "")),
        ("Healthcheck", _command(config.healthcheck.test if config.healthcheck else None)),
        ("Shell", _command(config.shell)),
        *(("Onbuild", excerpt(line)) for line in config.on_build or ()),
        *(("Env", excerpt(line)) for line in config.env or ()),
        *(("Label", excerpt(f"{key}={value}")) for key, value in sorted((config.labels or {}).items())),
    ]


def _command(words: list[str] | str | None) -> str:
    return excerpt(words) if isinstance(words, str) else exec_form(words) if words else ""


def container_fields(container: Container) -> list[Field]:
    """Return the details of a container; its mounts are listed because no layer has their content."""
    identity = f"{container.name}, {container.state}, {container.engine} {container.container_id[:_SHORT_ID]}"
    return [
        ("Container", short_name(identity)),
        ("Made from", short_name(container.image)),
        *(("Mount", _mount(mount)) for mount in container.mounts),
    ]


def _mount(mount: Mount) -> str:
    source = f" from {short_name(mount.source)}" if mount.source else ""
    return f"{short_name(mount.destination)}: {short_name(mount.kind)}{source}"


def storage_fields(storage: Storage) -> list[Field]:
    """Return how the engine stores the image, in two fields."""
    on = f" on {short_name(storage.backing_filesystem)}" if storage.backing_filesystem else ""
    driver = f"{short_name(storage.driver)}{on}" if storage.driver else f"driver: {_UNKNOWN}"
    store = f"namespace {short_name(storage.namespace)}" if storage.namespace else storage.store
    return [
        ("Storage", f"{storage.engine}, {store}, {driver}"),
        ("On write", storage.copy_on_write or _UNKNOWN),
    ]


def location_field(storage: Storage, layer: Layer) -> Field:
    """Return where the engine keeps a layer; nothing for that of a container until it is here."""
    number = layer.number - 1
    if layer.writable and layer.blob is None and layer.unpacked is None:
        return "Location", ""
    return "Location", short_name(storage.locations[number]) if number < len(storage.locations) else _UNKNOWN


def copy_up_words(copy: "CopyUp") -> str:
    """Return what a container did to a path of its image, and what that costs."""
    if copy.is_removed:
        return f"only hidden here: layer {copy.layer} still holds it"
    changed = " and ".join(copy.what.words)
    change = f" to change {changed}" if changed else _POSSIBLE_CHANGES[copy.is_settled, copy.has_other_time]
    return f"copied up from layer {copy.layer}{change}, which costs {human_size(copy.size)} here"
