"""The options of an extraction, and its result."""

from dataclasses import dataclass
from typing import NamedTuple

from layerscope.text import human_size, plural


@dataclass(frozen=True, slots=True)
class ExtractionOptions:
    """Parts of an extraction that are off by default.

    ``force``: replace existing files; ``setuid``: keep the bits that let a program run as its owner or group;
    ``devices``: make device nodes; ``owners``: restore owner and group (both need root); ``partial``: leave out files
    whose content ends with a broken layer, and hard links to files in a layer that could not be read.
    """

    force: bool = False
    setuid: bool = False
    devices: bool = False
    owners: bool = False
    partial: bool = False


class LeftOut(NamedTuple):
    """A path that was not written, and the reason; ``is_on_request``: because of an option, so it is no error."""

    path: bytes
    reason: str
    is_on_request: bool = False


class Extracted(NamedTuple):
    """The result: files (without hard links), folders, links of both kinds, pipes, devices, and content bytes.

    ``foreign_owners`` are paths with owners that no system has: they belong to the user.
    """

    files: int
    folders: int
    links: int
    pipes: int
    devices: int
    size: int
    left_out: tuple[LeftOut, ...]
    foreign_owners: tuple[LeftOut, ...] = ()

    @property
    def is_complete(self) -> bool:
        """True if everything was done that the options ask for."""
        return not self.foreign_owners and all(path.is_on_request for path in self.left_out)

    @property
    def words(self) -> str:
        """The result in words: ``12 files, 3 folders and 1 link (1.2 MB)``."""
        counts = (
            (self.files, "file"),
            (self.folders, "folder"),
            (self.links, "link"),
            (self.pipes, "pipe"),
            (self.devices, "device"),
        )
        words = [plural(count, noun) for count, noun in counts if count] or ["nothing"]
        listed = f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
        return f"{listed} ({human_size(self.size)})"
