"""The result of a build."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BuildReport:
    """The engine that built, the exit status of its command, and the reference of the image if it made one."""

    engine: str
    exit_status: int
    reference: str | None = None
