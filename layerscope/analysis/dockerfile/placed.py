"""A Dockerfile whose lines are placed: each with the layers that it made."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from layerscope.analysis.dockerfile.alignment import align_steps
from layerscope.analysis.dockerfile.history_forms import HistoryLine, expected_steps
from layerscope.analysis.dockerfile.parser import Dockerfile, Instruction, parse_dockerfile
from layerscope.analysis.dockerfile.stages import (
    SCRATCH,
    Stage,
    arguments_before_from,
    named_stage,
    stages_of,
    target_stage,
)
from layerscope.model.documents import Digest
from layerscope.model.provenance import Material, Provenance, parse_package_url

_IMAGE = "docker"
"""The type of the package URLs of images."""


class PlacedBy(StrEnum):
    """The source of a Dockerfile and of its layers."""

    PROVENANCE = "provenance"
    ALIGNED = "aligned"
    RECONSTRUCTED = "reconstructed"


class BuiltImage(NamedTuple):
    """The build of an image, as the image describes it.

    ``environment`` is the one that containers start with, ``platform`` the arguments that describe the platform, and
    ``digests`` are those of the layers as stored.
    """

    steps: Sequence[HistoryLine]
    environment: Mapping[str, str]
    platform: Mapping[str, str]
    digests: Sequence[Digest | None]


@dataclass(frozen=True)
class PlacedDockerfile:
    """A Dockerfile, the ``layers`` of the instructions that were placed by line, and its ``stages``.

    ``chain`` are the stages that the image consists of. ``matched`` of ``expected`` steps were found in the image.
    ``base`` is the base image, with its digest if the provenance states it; None if there is none.
    """

    placed_by: PlacedBy
    dockerfile: Dockerfile
    stages: tuple[Stage, ...]
    chain: tuple[Stage, ...]
    layers: Mapping[int, tuple[int, ...]]
    matched: int
    expected: int
    base: str | None
    path: str = "Dockerfile"
    """The path of the file from the current folder: ``../Dockerfile``."""

    @property
    def name(self) -> str:
        """The path, or its last part if the file is outside the current folder."""
        return self.path.rpartition("/")[2] if self.is_outside else self.path

    @property
    def is_outside(self) -> bool:
        """True if the file is outside the current folder."""
        return self.path.startswith("../")

    @property
    def base_line(self) -> int:
        """The line of the FROM that names the base image."""
        return self.chain[0].instructions[0].line

    @property
    def base_layers(self) -> tuple[int, ...]:
        """The layers of the base image; none for FROM scratch."""
        return self.layers.get(self.base_line, ())

    @property
    def confidence(self) -> str:
        """The confidence in the figures: ``from provenance``, or ``aligned: 9 of 9 steps match``."""
        if self.placed_by is not PlacedBy.ALIGNED:
            return "from provenance" if self.placed_by is PlacedBy.PROVENANCE else "reconstructed from the history"
        return f"aligned: {self.matched} of {self.expected} steps match"

    def position(self, layer: int) -> str | None:
        """Return the line that made a layer: ``Dockerfile:14``; None if it is unknown."""
        line = self.line_of_layer.get(layer)
        return None if line is None else f"{self.name.rpartition('/')[2]}:{line}"

    @cached_property
    def instructions(self) -> Mapping[int, Instruction]:
        return {
            line: instruction
            for instruction in self.dockerfile.instructions
            for line in range(instruction.line, instruction.last_line + 1)
        }

    @cached_property
    def line_of_layer(self) -> Mapping[int, int]:
        """The first line of the instruction that made a layer, by its number."""
        return {layer: line for line, layers in self.layers.items() for layer in layers}

    @cached_property
    def stage_of_line(self) -> Mapping[int, Stage]:
        return {instruction.line: stage for stage in self.stages for instruction in stage.instructions}

    def origin(self, line: int) -> int | None:
        """Return the line that wrote what a COPY copies from another stage, or that stage's FROM; None for others.

        It is the last instruction of the stage that names the path.
        """
        instruction = self.instructions.get(line)
        source = instruction.flag("from") if instruction and instruction.keyword == "COPY" else None
        stage = named_stage(self.stages, source) if source else None
        if instruction is None or stage is None:
            return None
        words = instruction.words or instruction.arguments.split()
        own = [one for part in stage.chain for one in part.instructions]
        naming = [one for one in own[1:] if words and words[0].rstrip("/*") in self.dockerfile.text(one)]
        return (naming[-1] if naming else stage.instructions[0]).line


def place_by_provenance(image: BuiltImage, provenance: Provenance) -> PlacedDockerfile | None:
    """Return the Dockerfile that the provenance of an image holds, or None if it holds none."""
    if provenance.dockerfile is None:
        return None
    placed = _placed(image, provenance.dockerfile.text, provenance.target, provenance)
    by_digest = dict(_by_digest(image, placed, provenance.dockerfile.chains))
    taken = {layer for layers in by_digest.values() for layer in layers}
    others = {line: layers for line, layers in placed.layers.items() if taken.isdisjoint(layers)}
    return replace(placed, placed_by=PlacedBy.PROVENANCE, layers=others | by_digest)


def place_by_history(
    image: BuiltImage, text: str, target: str | None = None, arguments: Mapping[str, str] | None = None
) -> PlacedDockerfile:
    """Return a Dockerfile aligned with the history of an image; raises UsageError without the stage ``target``.

    ``arguments`` are those build arguments that are known beside the recorded ones.
    """
    return _placed(image, text, target, Provenance(build_arguments=arguments or {}))


def _placed(image: BuiltImage, text: str, target: str | None, provenance: Provenance) -> PlacedDockerfile:
    dockerfile = parse_dockerfile(text)
    given = dict(recorded_arguments(dockerfile, image.steps)) | dict(provenance.build_arguments)
    outer = arguments_before_from(dockerfile, given, image.platform)
    stages = stages_of(dockerfile, outer)
    chain = target_stage(stages, target).chain
    expected = expected_steps(dockerfile, chain, image.environment, given, outer)
    alignment = align_steps(expected, image.steps, chain)
    return PlacedDockerfile(
        PlacedBy.ALIGNED,
        dockerfile,
        stages,
        chain,
        alignment.layers,
        alignment.matched,
        alignment.expected,
        _base_name(chain[0].base, provenance.materials),
    )


def argument_names(dockerfile: Dockerfile) -> set[str]:
    """Return the names of all arguments that a Dockerfile declares."""
    return {
        word.partition("=")[0]
        for instruction in dockerfile.instructions
        if instruction.keyword == "ARG"
        for word in instruction.arguments.split()
    }


def recorded_arguments(dockerfile: Dockerfile, steps: Sequence[HistoryLine]) -> Iterator[tuple[str, str]]:
    """Yield the values of build arguments that the history records: ``|1 VERSION=2 /bin/sh -c make``."""
    names = argument_names(dockerfile)
    for step in steps:
        recorded = (step.created_by or "").removeprefix("RUN ")
        count, _, rest = recorded.partition(" ")
        if count.startswith("|") and count[1:].isdecimal():
            for word in rest.split(" "):
                name, equals, value = word.partition("=")
                if not equals or name not in names:
                    break
                yield name, value


def _by_digest(
    image: BuiltImage, placed: PlacedDockerfile, chains: Mapping[int, tuple[Digest, ...]]
) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield the lines whose layers are in the image as the provenance states them, from the base to their own."""
    for line, chain in chains.items():
        instruction = placed.instructions.get(line)
        if instruction and instruction.keyword != "FROM" and list(chain) == list(image.digests[: len(chain)]):
            yield instruction.line, (len(chain),)


def _base_name(base: str, materials: Sequence[Material]) -> str | None:
    """Return the base image; its digest is that of the one material of the same name."""
    if base == SCRATCH:
        return None
    digests = {material.digest for material in materials if _image_name(material.uri) == _with_tag(base)}
    return f"{base}@{digests.pop()}" if len(digests) == 1 and "@" not in base else base


def _image_name(uri: str) -> str:
    """Return the name of an image by its package URL: ``pkg:docker/debian@12?platform=linux%2Famd64``."""
    url = parse_package_url(uri)
    if url is None or url.type != _IMAGE:
        return ""
    return _with_tag(f"{url.name}:{url.version}" if url.version else url.name)


def _with_tag(name: str) -> str:
    short = name.removeprefix("docker.io/").removeprefix("library/")
    return short if ":" in short.rpartition("/")[2] else f"{short}:latest"
