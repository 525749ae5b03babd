"""Images in registries (``registry://NAME``): the addresses that serve them, and certificates.

https://github.com/containers/image/blob/main/docs/containers-registries.conf.5.md;
https://github.com/containers/image/blob/main/docs/containers-certs.d.5.md;
https://docs.docker.com/engine/security/certificates/
"""

import os
import ssl
from collections.abc import Iterator
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct, field

from layerscope.errors import SourceError, UsageError, os_reason
from layerscope.model.documents import Digest
from layerscope.sources.configuration import containers_folder, read_configuration
from layerscope.sources.image.name import DEFAULT_DOMAIN, ImageName
from layerscope.text import short_name

_uses_plain_http = False
"""True if the user wants registries to be read without TLS; see `use_plain_http`."""

_DOCKER_HUB = "registry-1.docker.io"
_ANY_SUBDOMAIN = "*."
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
        return f"{self.host}/{self.repository}".rstrip("/")

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.title}{tag}@{self.digest}" if self.digest else f"{self.title}{tag}"


def parse_registry_name(text: str) -> RegistryName:
    """Return the name, with the tag ``latest`` if it has neither tag nor digest; raises UsageError if it is invalid."""
    parts = ImageName.as_written(text)
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


class RegistryAddress(Struct, frozen=True):
    """An address that serves a repository; ``host`` is what certificates and credentials are kept under."""

    host: str
    repository: str
    scheme: str = "https"
    verifies: bool = True

    @property
    def url(self) -> str:
        """The start of the addresses of the repository."""
        host = _DOCKER_HUB if self.host == DEFAULT_DOMAIN else self.host
        return f"{self.scheme}://{host}/v2/{self.repository}/"


class _Mirror(Struct, frozen=True, rename="kebab"):
    location: str = ""
    insecure: bool = False


class _Registry(Struct, frozen=True, rename="kebab"):
    """A table ``[[registry]]`` of registries.conf."""

    prefix: str = ""
    location: str = ""
    insecure: bool = False
    blocked: bool = False
    mirror: list[_Mirror] = field(default_factory=list)

    @property
    def start(self) -> str:
        """The start of the names that the table is about."""
        return self.prefix or self.location

    def rest(self, name: str) -> str | None:
        """Return what follows the prefix in the name of a repository, None if the table is about other names."""
        if self.start.startswith(_ANY_SUBDOMAIN):
            host, slash, path = name.partition("/")
            return f"{slash}{path}" if host.endswith(self.start[1:]) else None
        rest = name.removeprefix(self.start)
        return rest if name.startswith(self.start) and rest[:1] in ("", "/") else None


class _Configuration(Struct, frozen=True):
    registry: list[_Registry] = field(default_factory=list)


def use_plain_http() -> None:
    """Read registries by plain http from now on.

    It belongs to the process, so that it reaches every image that a command opens, the base and the baseline included.
    """
    global _uses_plain_http  # noqa: PLW0603  # there is one command line in a process
    _uses_plain_http = True


def locations(name: RegistryName) -> list[RegistryAddress]:
    """Return the addresses to try in order: mirrors, then the registry; raises SourceError if it is blocked."""
    matching = [table for table in _registries() if table.start and table.rest(name.title) is not None]
    if not matching:
        return list(_schemes(name.host, name.repository))
    table = max(matching, key=lambda table: len(table.start))
    if table.blocked:
        raise SourceError(f"cannot read {name.title}: registries.conf blocks it")
    rest = table.rest(name.title) or ""
    found = list[RegistryAddress]()
    for mirror in (*table.mirror, _Mirror(table.location, table.insecure)):
        host, _, repository = (mirror.location + rest if mirror.location else name.title).partition("/")
        found += _schemes(host, repository, insecure=mirror.insecure)
    return found


def _schemes(host: str, repository: str, *, insecure: bool = False) -> Iterator[RegistryAddress]:
    """Yield the address by https, by plain http, or by both in turn where the certificate does not matter."""
    if _uses_plain_http or (is_loopback(urlsplit(f"//{host}").hostname or "") and certificates(host) is None):
        yield RegistryAddress(host, repository, "http")
        return
    yield RegistryAddress(host, repository, verifies=not insecure)
    if insecure:
        yield RegistryAddress(host, repository, "http")


def is_loopback(hostname: str) -> bool:
    """Return True for ``localhost`` and the addresses of the loopback device."""
    try:
        return hostname == "localhost" or ip_address(hostname).is_loopback
    except ValueError:
        return False


def certificates(host: str) -> Path | None:
    """Return the folder of a registry's certificates, None where there is none."""
    roots = (containers_folder(), Path("/etc/containers"), Path("/etc/docker"))
    folders = (root / "certs.d" / host for root in roots)
    return next((folder for folder in folders if folder.is_dir()), None)


def tls_context(host: str, *, verifies: bool = True) -> ssl.SSLContext:
    """Return how to speak TLS with a host: the certificates of the system and of the host's own folder."""
    context = ssl.create_default_context()
    folder = certificates(host)
    if folder is not None:
        try:
            for file in sorted(folder.glob("*.crt")):
                context.load_verify_locations(file)
            for file in sorted(folder.glob("*.cert")):
                context.load_cert_chain(file, file.with_suffix(".key"))
        except (OSError, ssl.SSLError) as error:
            cause = os_reason(error)
            raise SourceError(f"cannot read the certificates in {short_name(str(folder))}: {cause}") from error
    if not verifies:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


_decode_toml = cache(msgspec.toml.decode)
"""Decodes the same text once: that takes 1 ms, and a survey opens thousands of images."""


def _registries() -> list[_Registry]:
    """Return the tables of registries.conf and its folder; a later one of the same prefix stands."""
    found = dict[str, _Registry]()
    for file in _configuration_files():
        configuration = read_configuration(file, _Configuration, _decode_toml) or _Configuration()
        for table in configuration.registry:
            found[table.start] = table
    return list(found.values())


def _configuration_files() -> Iterator[Path]:
    if stated := os.environ.get("CONTAINERS_REGISTRIES_CONF"):
        yield Path(stated)
        return
    system, user = Path("/etc/containers"), containers_folder()
    name = "registries.conf"
    yield user / name if (user / name).is_file() else system / name
    for folder in (system, user):
        yield from sorted((folder / f"{name}.d").glob("*.conf"))
