"""What is asked of an extraction, and what came of it."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class ExtractionOptions:
    """What is left out unless it is told.

    ``force``: files that are in the way are replaced; ``setuid``: the bits that let a program run as its owner or group
    are kept; ``devices``: device nodes are made; ``owners``: files are given to whom they belong in the image. The last
    two take root.
    """

    force: bool = False
    setuid: bool = False
    devices: bool = False
    owners: bool = False


class LeftOut(NamedTuple):
    """A path that was not written, and why."""

    path: bytes
    reason: str


class Extracted(NamedTuple):
    """What was written: files (hard links not counted), folders, all links, and content bytes."""

    files: int
    folders: int
    links: int
    size: int
    left_out: tuple[LeftOut, ...]
