"""An archive or an image layout in a folder of this machine, as a list shows it before it is opened."""

from dataclasses import dataclass
from enum import StrEnum


class ArchiveForm(StrEnum):
    """The form of an image outside of an engine."""

    ARCHIVE = "archive"
    COMPRESSED = "compressed"
    LAYOUT = "folder"


@dataclass(frozen=True, slots=True)
class LocalArchive:
    """An archive or layout; ``reference`` opens it, ``modified`` is in seconds since 1970.

    The ``size`` of a layout is that of its blobs; None if it is unknown.
    """

    reference: str
    form: ArchiveForm
    size: int | None
    modified: float
