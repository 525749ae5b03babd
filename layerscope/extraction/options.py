"""What is asked of an extraction, and what came of it."""

from dataclasses import dataclass
from typing import NamedTuple

from layerscope.text import human_size, plural


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

    @property
    def words(self) -> str:
        """What was written: ``12 files, 3 folders and 1 link (1.2 MB)``."""
        counts = ((self.files, "file"), (self.folders, "folder"), (self.links, "link"))
        words = [plural(count, noun) for count, noun in counts if count] or ["nothing"]
        listed = f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
        return f"{listed} ({human_size(self.size)})"
