"""The options of an extraction, and its result."""

from dataclasses import dataclass
from typing import NamedTuple

from layerscope.text import human_size, plural


@dataclass(frozen=True, slots=True)
class ExtractionOptions:
    """Parts of an extraction that are off by default.

    ``force``: replace existing files; ``setuid``: keep the bits that let a program run as its owner or group;
    ``devices``: make device nodes; ``owners``: restore owner and group (both need root); ``xattrs``: restore extended
    attributes; ``partial``: leave out what the image does not have, or what cannot be read, in place of failing.
    """

    force: bool = False
    setuid: bool = False
    devices: bool = False
    owners: bool = False
    xattrs: bool = False
    partial: bool = False


class LeftOut(NamedTuple):
    """A path that was not written, and the reason; or only a ``part`` of its metadata: ``the owner 1:-1``."""

    path: bytes
    reason: str
    part: str = ""


class Extracted(NamedTuple):
    """The result: files (without hard links), folders, links of both kinds, pipes, devices, and content bytes.

    ``with_xattrs`` are the paths whose extended attributes were not asked for.
    """

    files: int
    folders: int
    links: int
    pipes: int
    devices: int
    size: int
    left_out: tuple[LeftOut, ...]
    with_xattrs: int = 0

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
