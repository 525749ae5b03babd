"""The origin of an image, in the words of the JSON documents."""

from typing import Self

from msgspec import Struct

from layerscope.model.engine import Engine


class Origin(Struct, frozen=True):
    """The reference that the user typed, and the source names of a Docker archive and an OCI layout."""

    reference: str
    docker: str
    oci: str

    @classmethod
    def archive(cls, reference: str) -> Self:
        """Return the origin of the images in a tar archive."""
        return cls(reference, "docker-archive", "oci-archive")

    @classmethod
    def folder(cls, reference: str) -> Self:
        """Return the origin of the images in a folder."""
        return cls(reference, "docker-folder", "oci-layout")

    @classmethod
    def engine(cls, reference: str, engine: Engine) -> Self:
        """Return the origin of an image that an engine exported."""
        return cls(reference, engine, engine)
