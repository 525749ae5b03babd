"""Names of images in registries: what follows ``registry://``."""

from msgspec import Struct

from layerscope.errors import UsageError
from layerscope.model.documents import Digest
from layerscope.sources.image.name import DEFAULT_DOMAIN, NameParts
from layerscope.text import short_name

_DEFAULT_TAG = "latest"


class RegistryName(Struct, frozen=True):
    """A repository of a registry, and the tag or the digest of an image in it; Docker Hub's host is ``docker.io``."""

    host: str
    repository: str
    tag: str | None = None
    digest: Digest | None = None

    @property
    def title(self) -> str:
        """The host and the repository, for messages."""
        return f"{self.host}/{self.repository}"

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.title}{tag}@{self.digest}" if self.digest else f"{self.title}{tag}"


def parse_registry_name(text: str) -> RegistryName:
    """Return the name, with the tag ``latest`` if it has neither tag nor digest; raises UsageError if it is invalid."""
    parts = NameParts.parse(text)
    if parts is None:
        raise UsageError(f"{short_name(text) or 'an empty name'} is not a name of an image: write HOST/NAME:TAG")
    host = parts.domain or DEFAULT_DOMAIN
    repository = parts.path
    if host in (DEFAULT_DOMAIN, f"index.{DEFAULT_DOMAIN}", f"registry-1.{DEFAULT_DOMAIN}"):
        host = DEFAULT_DOMAIN
        repository = repository if "/" in repository else f"library/{repository}"
    try:
        digest = Digest.parse(parts.digest) if parts.digest else None
    except ValueError as error:
        raise UsageError(f"{short_name(text)} is not a name of an image: {error}") from error
    return RegistryName(host, repository, parts.tag or (None if digest else _DEFAULT_TAG), digest)
