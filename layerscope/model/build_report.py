"""The result of a build: which steps came from the cache, which one missed it first, and why."""

from dataclasses import dataclass
from enum import StrEnum


class MissCause(StrEnum):
    """The reason why a step was not in the build cache."""

    FIRST_BUILD = "first-build"
    BASE = "base"
    FILES = "files"
    ARGUMENT = "argument"
    INSTRUCTION = "instruction"
    NO_CACHE = "no-cache"
    NOTHING_DIFFERS = "nothing-differs"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ReportedStep:
    """A step that made a layer; ``line`` is its line in the Dockerfile, if that is known.

    ``is_base`` is None where the Dockerfile is not known. ``is_cached`` is None where the image states no time.
    """

    title: str
    layer: int
    line: int | None
    is_base: bool | None
    is_cached: bool | None


@dataclass(frozen=True, slots=True)
class CacheMiss:
    """The first step that was not in the cache; ``detail`` is the reason in words, ``files`` are those that differ."""

    step: ReportedStep
    cause: MissCause
    detail: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BuildReport:
    """A build by an engine: the exit status of its command, and the reference of the image if it made one.

    ``content_size`` is that of the image, ``previous_size`` that of the image that had the ``tag`` before, in bytes;
    None if there is none or it is unknown; ``shared_layers`` is the number of lowest layers that both have.
    ``dockerfile`` is the file that was built, if it is on this machine.
    """

    engine: str
    exit_status: int
    reference: str | None = None
    tag: str | None = None
    dockerfile: str | None = None
    steps: tuple[ReportedStep, ...] = ()
    miss: CacheMiss | None = None
    content_size: int | None = None
    previous_size: int | None = None
    shared_layers: int | None = None

    @property
    def size_delta(self) -> int | None:
        """The bytes by which the image grew; None if either size is unknown."""
        if self.content_size is None or self.previous_size is None:
            return None
        return self.content_size - self.previous_size
