"""The Dockerfile of an image, and the cost of its lines.

It is that of the provenance, the one that the user names, the one of the last build by layerscope, or one that is
written from the history.
"""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from layerscope.analysis.advice.advice import Advice
from layerscope.analysis.dockerfile.history_forms import HistoryLine
from layerscope.analysis.dockerfile.parser import parse_dockerfile
from layerscope.analysis.dockerfile.placed import BuiltImage, PlacedDockerfile, place_by_history, place_by_provenance
from layerscope.analysis.dockerfile.reconstruction import reconstructed
from layerscope.analysis.size.base_image import BaseImage
from layerscope.analysis.tree.tally import Tallies
from layerscope.errors import SourceError, UsageError, os_reason
from layerscope.model.documents import RunConfig
from layerscope.model.image import Image, known_sum
from layerscope.session.dockerfile.cache_state import CacheState, cache_state
from layerscope.session.dockerfile.remembered_build import RememberedBuild
from layerscope.session.image_facts import base_of
from layerscope.text import human_size, short_name

_LARGEST = 1_000_000
_MOST_LINES = 20_000
"""Bytes and lines of a Dockerfile; an honest one is far below."""


@dataclass(frozen=True, slots=True)
class LineCost:
    """One line of a Dockerfile, and the layers that its instruction made, with their sizes.

    The figures are at the first line of an instruction. ``layers`` is None at other lines, and where the instruction
    was not placed; a size is None if it is unknown.
    """

    line: int
    text: str
    stage: str | None
    layers: tuple[int, ...] | None = None
    content_size: int | None = None
    dead_size: int | None = None
    is_cached: bool | None = None
    """True if the last build took the layer from the cache; None if it made none, or that is unknown."""

    cause: str | None = None
    """The reason why it was the first one that was not in the cache, in words."""

    advice: tuple[int, ...] = ()
    """The numbers of the advice on the instruction, from 1."""

    saves: int = 0
    """The bytes that the advice saves."""


@dataclass(frozen=True, slots=True)
class LayerSums:
    """Some layers and their sizes; None if one is unknown."""

    layers: tuple[int, ...]
    content_size: int | None
    dead_size: int | None


def dockerfile_of(
    image: Image,
    file: str | None = None,
    target: str | None = None,
    arguments: Mapping[str, str] | None = None,
    build: RememberedBuild | None = None,
) -> PlacedDockerfile:
    """Return the Dockerfile of an image, its lines placed; ``file`` names it where the image does not hold it.

    ``arguments`` are those build arguments that are known, ``build`` is the last build of the image.

    Raises UsageError if there is none, or no stage ``target``, and SourceError if the file cannot be read.
    """
    text = None if file is None else read_dockerfile(file)
    placed = stated_dockerfile(image)
    if placed is not None:
        if file is None or text is None:
            return placed
        named = parse_dockerfile(text)
        if named.lines == placed.dockerfile.lines:
            # a patch needs the line ends of the file
            return replace(placed, path=os.path.relpath(file), dockerfile=named)
    built = build.dockerfile if build else None
    if text is None and built is not None:
        file, text = built.path, built.text
    if text is None:
        raise UsageError(
            f"{short_name(image.reference)} does not hold its Dockerfile: name it with -f, or build with"
            " --provenance=mode=max"
        )
    placed = place_by_history(_built(image), text, target, arguments)
    if built is not None and (built.text, built.target) == (text, target or built.target):
        # the build knew the values of all arguments
        placed = replace(placed, layers=built.layers, matched=built.matched, expected=built.expected)
    return placed if file is None else replace(placed, path=os.path.relpath(file))


def known_dockerfile(image: Image, file: str | None, build: RememberedBuild | None) -> PlacedDockerfile | None:
    """Return the Dockerfile of an image as `dockerfile_of` does, or None if it is not known.

    Raises as `dockerfile_of` does for a file that is named.
    """
    if file is None and (build is None or build.dockerfile is None):
        return stated_dockerfile(image)
    return dockerfile_of(image, file, build=build)


def shown_dockerfile(
    image: Image, base: BaseImage | None = None, build: RememberedBuild | None = None
) -> PlacedDockerfile:
    """Return the Dockerfile of an image as `known_dockerfile` does, or else one reconstructed from the history."""
    known = known_dockerfile(image, None, build)
    if known is not None:
        return known
    run, built = image.config.config or RunConfig(), _built(image)
    names = [*built.environment, *(run.labels or {})]
    return reconstructed(built.steps, names, [*(run.exposed_ports or {})], base or base_of(image))


def stated_dockerfile(image: Image) -> PlacedDockerfile | None:
    """Return the Dockerfile that the provenance of an image holds, or None."""
    provenance = image.attestations.provenance
    source = provenance.dockerfile if provenance else None
    if source is None or len(source.text) > _LARGEST or source.text.count("\n") > _MOST_LINES:
        return None
    try:
        return place_by_provenance(_built(image), provenance) if provenance else None
    except UsageError:
        return None


def _built(image: Image) -> BuiltImage:
    run, platform = image.config.config or RunConfig(), image.platform
    arguments = {
        "TARGETPLATFORM": str(platform),
        "TARGETOS": platform.os,
        "TARGETARCH": platform.architecture,
        "TARGETVARIANT": platform.variant or "",
    }
    environment = dict(variable.partition("=")[::2] for variable in run.env or ())
    lines = [HistoryLine(step.created_by, step.layer, step.comment) for step in image.steps]
    return BuiltImage(lines, environment, arguments, [layer.digest for layer in image.layers])


def read_dockerfile(file: str) -> str:
    """Return the text of a Dockerfile; raises SourceError."""
    name = short_name(file)
    try:
        with Path(file).open("rb") as opened:
            if stat.S_ISDIR(Path(file).stat().st_mode):
                raise SourceError(f"{name} is a folder, not a Dockerfile")
            data = opened.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = os_reason(error) if isinstance(error, OSError) else str(error)
        raise SourceError(f"cannot read {name}: {reason}") from error
    if len(data) > _LARGEST:
        raise SourceError(f"{name} is not a Dockerfile: it is larger than {human_size(_LARGEST)}")
    if data.count(b"\n") > _MOST_LINES:
        raise SourceError(f"{name} is not a Dockerfile: it has more than {_MOST_LINES:,} lines")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(f"{name} is not a Dockerfile: it is not UTF-8 text") from error


def line_costs(
    placed: PlacedDockerfile, tallies: Tallies, cache: CacheState, advice: Sequence[Advice] = ()
) -> Iterator[LineCost]:
    """Yield every line with its cost, whether its layer came from the build cache, and the ``advice`` on it."""
    stage = None
    numbers: dict[int | None, list[int]] = {}
    for number, each in enumerate(advice, 1):
        numbers.setdefault(placed.line_of_layer.get(each.layer), []).append(number)
    for line, text in enumerate(placed.dockerfile.lines, 1):
        found = placed.stage_of_line.get(line)
        stage = found.title if found else stage
        layers = placed.layers.get(line)
        if layers is None:
            yield LineCost(line, text, stage)
        else:
            sums = layer_sums(layers, tallies)
            last = layers[-1] if layers else 0
            cause = cache.miss.detail if cache.miss and cache.miss.step.layer == last else None
            own = tuple(numbers.get(line, ()))
            yield LineCost(
                line,
                text,
                stage,
                layers,
                sums.content_size,
                sums.dead_size,
                cache.cached.get(last),
                cause,
                own,
                sum(advice[number - 1].saves for number in own),
            )


def cache_state_of(image: Image, placed: PlacedDockerfile, build: RememberedBuild | None) -> CacheState:
    """Return what the last build of an image took from the build cache."""
    return cache_state(image, placed.base_layers, build.report if build else None)


def unplaced_layers(placed: PlacedDockerfile, image: Image, tallies: Tallies) -> LayerSums:
    """Return the layers that no line could be found for."""
    layers = tuple(layer.number for layer in image.layers if layer.number not in placed.line_of_layer)
    return layer_sums(layers, tallies)


def layer_sums(layers: tuple[int, ...], tallies: Tallies) -> LayerSums:
    """Return the sizes of some layers together."""
    sizes = (tallies.layers[layer].content_size if layer in tallies.layers else None for layer in layers)
    return LayerSums(layers, known_sum(sizes), known_sum(map(tallies.dead_in, layers)))


def layers_text(layers: tuple[int, ...]) -> str:
    """Return the numbers of ascending layers: ``3``, ``1-4``, ``1-4 6``."""
    runs: list[list[int]] = []
    for layer in layers:
        if runs and runs[-1][-1] == layer - 1:
            runs[-1].append(layer)
        else:
            runs.append([layer])
    return " ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
