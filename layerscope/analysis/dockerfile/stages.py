"""The stages of a Dockerfile, and the chain of those that an image was built from.

https://docs.docker.com/build/building/multi-stage/
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from layerscope.analysis.dockerfile.parser import Dockerfile, Instruction
from layerscope.analysis.dockerfile.variables import expand, split_words
from layerscope.errors import UsageError
from layerscope.text import short_name

SCRATCH = "scratch"


@dataclass(frozen=True)
class Stage:
    """One stage, numbered from 0; ``instructions`` start with its FROM. ``base`` is an image or another stage."""

    number: int
    name: str | None
    base: str
    parent: "Stage | None"
    instructions: tuple[Instruction, ...]

    @property
    def title(self) -> str:
        return self.name or str(self.number)

    @property
    def chain(self) -> tuple["Stage", ...]:
        """The stages that it builds on and itself, the first one first."""
        return (*(self.parent.chain if self.parent else ()), self)


def arguments_before_from(
    dockerfile: Dockerfile, given: Mapping[str, str], platform: Mapping[str, str]
) -> dict[str, str]:
    """Return the values of the arguments that precede the first FROM, and of those that describe the platform."""
    values = dict(platform)
    for instruction in dockerfile.instructions:
        if instruction.keyword == "FROM":
            break
        if instruction.keyword == "ARG":
            values |= argument_values(instruction, dockerfile.escape, given, values, {})
    return values


def argument_values(
    instruction: Instruction,
    escape: str,
    given: Mapping[str, str],
    variables: Mapping[str, str],
    outer: Mapping[str, str],
) -> Iterator[tuple[str, str]]:
    """Yield the name and the value of each argument that an ARG declares and that has a value.

    The value that the user ``given`` comes first, then the default, then that of the ``outer`` argument.
    """
    for word in split_words(instruction.arguments, escape):
        name, equals, default = word.partition("=")
        if name in given:
            yield name, given[name]
        elif equals:
            yield name, expand(default, variables, escape)
        elif name in outer:
            yield name, outer[name]


def stages_of(dockerfile: Dockerfile, outer: Mapping[str, str]) -> tuple[Stage, ...]:
    """Return the stages; ``outer`` are the arguments that a FROM may use."""
    starts = [at for at, instruction in enumerate(dockerfile.instructions) if instruction.keyword == "FROM"]
    ends = [*starts, len(dockerfile.instructions)][1:]
    stages: list[Stage] = []
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        words = [
            expand(word, outer, dockerfile.escape)
            for word in split_words(dockerfile.instructions[start].arguments, dockerfile.escape)
        ]
        base, keyword, name = (*words, "", "", "")[:3]
        name = name.lower() if keyword.lower() == "as" else ""
        parent = next((stage for stage in stages if stage.name and stage.name == base.lower()), None)
        stages.append(Stage(number, name or None, base, parent, dockerfile.instructions[start:end]))
    return tuple(stages)


def named_stage(stages: Sequence[Stage], name: str) -> Stage | None:
    """Return the stage with a name or a number, or None."""
    return next((stage for stage in stages if name.lower() in (stage.name, str(stage.number))), None)


def target_stage(stages: Sequence[Stage], target: str | None) -> Stage:
    """Return the stage that is built: the target, or else the last one; raises UsageError if there is none."""
    if not stages:
        raise UsageError("the Dockerfile has no FROM")
    if target is None:
        return stages[-1]
    stage = named_stage(stages, target)
    if stage is None:
        raise UsageError(f"the Dockerfile has no stage {short_name(target)}")
    return stage
