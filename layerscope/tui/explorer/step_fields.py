"""The details of a step and its layer, and of the image."""

from layerscope.analysis.tree.tally import LayerTally, Tallies
from layerscope.model.documents import RunConfig
from layerscope.model.image import Compression, Image, Layer, Step
from layerscope.model.provenance import Attestations, Provenance
from layerscope.model.storage import Storage
from layerscope.text import exec_form, human_share, human_size, plural
from layerscope.tui.drawing.cells import excerpt
from layerscope.tui.explorer.storage_fields import container_fields, location_field, storage_fields
from layerscope.tui.widgets.field_list import Field


def step_fields(step: Step, layer: Layer | None, tallies: Tallies, storage: Storage | None = None) -> list[Field]:
    """Return the details of a step, and where the engine's storage keeps its layer."""
    fields = [("Step", excerpt(step.title))]
    if layer is not None:
        tally = tallies.layers.get(layer.number)
        fields += _layer_fields(layer, tally, tallies)
    else:
        fields.append(("Layer", "none: the step changed only the config"))
    return [
        *fields,
        ("Created", excerpt(step.created or "")),
        ("Author", excerpt(step.author or "")),
        ("Comment", excerpt(step.comment or "")),
        ("Digest", str(layer.digest or "") if layer else ""),
        ("diff_id", str(layer.diff_id or "") if layer else ""),
        ("Media type", excerpt(layer.media_type or "") if layer else ""),
        *([location_field(storage, layer)] if storage and layer else []),
        ("Created by", "" if step.created_by == step.instruction else excerpt(step.created_by or "")),
    ]


def _layer_fields(layer: Layer, tally: LayerTally | None, tallies: Tallies) -> list[Field]:
    stored = f"{human_size(layer.blob_size)} {_stored(layer)}" if layer.blob else ""
    if tally is None:
        return [("Problem", excerpt(layer.problem or "")), ("Blob", stored)]
    return [*_problem_fields(layer, tally), *_size_fields(layer, tally, tallies), ("Blob", stored)]


def _problem_fields(layer: Layer, tally: LayerTally) -> list[Field]:
    problems = [layer.problem, tally.error if tally.error != layer.problem else None]
    fields = [("Problem", excerpt(problem or "")) for problem in problems]
    if tally.rests_on_incomplete:
        fields.append(("Note", "a previous layer could not be read completely"))
    return [*fields, *(("Warning", excerpt(warning)) for warning in tally.warnings)]


def _size_fields(layer: Layer, tally: LayerTally, tallies: Tallies) -> list[Field]:
    fields = []
    if tally.content_size is not None:
        share = human_share(tally.content_size, tallies.content_size)
        fields.append(("Content", f"{human_size(tally.content_size)}{f', {share} of the image' if share else ''}"))
    dead = tallies.dead_in(layer.number)
    if dead:
        fields.append(("Dead", f"{human_size(dead)}: hidden by a later layer, but still part of the image"))
    if tally.entries is not None:
        counts = (f"+{tally.added:,}", f"~{tally.modified:,}", f"-{tally.removed:,}")
        fields.append(("Entries", f"{tally.entries:,}  ({'  '.join(counts)})"))
    return fields


def _stored(layer: Layer) -> str:
    return "stored plain" if layer.compression is Compression.NONE else f"stored, {layer.compression}"


def attestation_fields(attestations: Attestations) -> list[Field]:
    """Return what the attestations about the image say of its build."""
    provenance = attestations.provenance or Provenance()
    packages = attestations.sbom_packages
    return [
        ("Built by", excerpt(provenance.builder)),
        ("Built from", excerpt(" ".join(filter(None, (provenance.source, provenance.revision))))),
        ("Built at", excerpt(provenance.started or "")),
        *(("Built with", excerpt(f"{material.uri} {material.digest}")) for material in provenance.materials),
        *(("Argument", excerpt(f"{name}={value}")) for name, value in sorted(provenance.build_arguments.items())),
        ("SBOM", "" if packages is None else plural(len(packages), "package")),
        *(("Note", excerpt(problem)) for problem in attestations.problems),
    ]


def image_fields(image: Image, tallies: Tallies) -> list[Field]:
    """Return the details of the image and of its config."""
    config = image.config.config or RunConfig()
    fields = [
        ("Image", excerpt(", ".join(image.tags) or image.reference)),
        ("Platform", excerpt(str(image.platform))),
        *(container_fields(image.container) if image.container else []),
        *(storage_fields(image.storage) if image.storage else []),
        ("Source", f"{image.source}, {plural(len(image.layers), 'layer')}"),
        *(("Warning", excerpt(warning)) for warning in image.warnings),
        ("Content", human_size(tallies.content_size) if tallies.layers else ""),
        ("Blobs", human_size(image.blob_size)),
        ("Created", excerpt(image.config.created or "")),
        ("Author", excerpt(image.config.author or "")),
        ("Digest", str(image.digest or "")),
        ("Config", str(image.config_digest or "")),
        *attestation_fields(image.attestations),
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
    ]
    fields += [("Env", excerpt(line)) for line in config.env or ()]
    fields += [("Label", excerpt(f"{key}={value}")) for key, value in sorted((config.labels or {}).items())]
    return fields


def _command(words: list[str] | str | None) -> str:
    return excerpt(words) if isinstance(words, str) else exec_form(words) if words else ""
