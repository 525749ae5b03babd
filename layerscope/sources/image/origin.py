"""Where an image came from, in the words that documents use."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Origin:
    """What the user typed, and what to call an image that was found in Docker's form or as an OCI layout."""

    reference: str
    docker: str
    oci: str

    @classmethod
    def archive(cls, reference: str) -> Self:
        """Return the origin of what is read from a tar."""
        return cls(reference, "docker-archive", "oci-archive")

    @classmethod
    def folder(cls, reference: str) -> Self:
        """Return the origin of what is read from a folder."""
        return cls(reference, "docker-folder", "oci-layout")

    @classmethod
    def engine(cls, reference: str, engine: str) -> Self:
        """Return the origin of what an engine exported."""
        return cls(reference, engine, engine)
