"""A client of the registry API: manifests, blobs, tags and referrers of one repository.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

import msgspec
from msgspec import Struct

from layerscope.errors import (
    DigestMismatch,
    FormatError,
    ImageNotFound,
    InvalidManifest,
    MissingBlob,
    ReadingStopped,
    SourceError,
    UnsupportedFormat,
)
from layerscope.model.documents import Digest
from layerscope.sources.image.documents import DOCUMENT_LIMIT
from layerscope.sources.image.oci_layout import INDEX_TYPES
from layerscope.sources.registry.hosts import RegistryName, locations
from layerscope.sources.registry.remote import BAD_REQUEST, NO_RANGE, NOT_FOUND, OK, PARTIAL, Download, Remote, range_of
from layerscope.sources.registry.transport import Broken, HttpAnswer, Unreachable
from layerscope.text import human_size, short_name
from layerscope.work import IsStopped

_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
    "application/vnd.docker.distribution.manifest.v1+json",
)
_ACCEPT_MANIFESTS = {"Accept": ", ".join((*INDEX_TYPES, *_MANIFESTS))}
_ACCEPT_INDEX = {"Accept": INDEX_TYPES[0]}
_NO_HEAD = (400, 405, 501)
"""The answers of servers that do not know HEAD."""
_ALGORITHMS = ("sha256", "sha384", "sha512")
_GZIP = b"\x1f\x8b"
_MOST_PAGES = 10_000
_NAMES_A_PAGE = 1000

_NEXT_PAGE = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next"?', re.IGNORECASE)

T = TypeVar("T")


class ManifestReply(Struct, frozen=True):
    """A manifest or an index as the registry sends it; ``digest`` is that of its bytes."""

    data: bytes
    media_type: str
    digest: Digest


class _Names(Struct, frozen=True):
    tags: list[str] | None = None
    repositories: list[str] | None = None


class RegistryClient(AbstractContextManager["RegistryClient"]):
    """A repository of a registry. Safe for several threads; a context manager."""

    def __init__(self, name: RegistryName) -> None:
        self.name = name
        self._remotes = [Remote(location, name.title) for location in locations(name)]

    @property
    def rate_limit(self) -> int | None:
        """The requests that are left of the registry's limit, as it last said."""
        return next((remote.rate_limit for remote in self._remotes if remote.rate_limit is not None), None)

    def manifest(self, reference: str | Digest) -> ManifestReply:
        """Return the manifest or index of a tag or a digest.

        Raises ImageNotFound, SourceError, DigestMismatch and InvalidManifest, as it is or of what it is.
        """
        what = f"manifest {reference}" if isinstance(reference, Digest) else f"tag {reference}"
        return self._first(lambda remote: self._manifest(remote, reference, what))

    def _manifest(self, remote: Remote, reference: str | Digest, what: str) -> ManifestReply:
        answer, data = self._document(remote, f"manifests/{reference}", _ACCEPT_MANIFESTS, what)
        algorithm = reference.algorithm if isinstance(reference, Digest) else "sha256"
        digest = Digest(algorithm, self._hash(algorithm, data).hexdigest())
        if isinstance(reference, Digest) and digest != reference:
            raise DigestMismatch(f"the {what} of {self.name.title} has the digest {digest}")
        return ManifestReply(data, answer.headers.get("Content-Type", "").partition(";")[0].strip(), digest)

    def head(self, tag: str) -> Digest | None:
        """Return the digest that the registry states for a tag, None if it states none; raises ImageNotFound."""
        return self._first(lambda remote: self._head(remote, tag))

    def _head(self, remote: Remote, tag: str) -> Digest | None:
        answer = remote.request("HEAD", f"manifests/{tag}", _ACCEPT_MANIFESTS)
        if answer.status >= BAD_REQUEST and answer.status not in _NO_HEAD:
            raise remote.refusal(answer, f"tag {tag}")
        answer.leave()
        try:
            return Digest.parse(answer.headers.get("Docker-Content-Digest", ""))
        except ValueError:
            return None

    def blob(self, digest: Digest, size: int | None, is_stopped: IsStopped = bool) -> Iterator[bytes]:
        """Yield the bytes of a blob as they come; what does not match the digest is an error at the end.

        A connection that breaks goes on from there. Raises MissingBlob, DigestMismatch, SourceError, and
        ReadingStopped once ``is_stopped`` returns True.
        """
        hasher = self._hash(digest.algorithm)
        title = f"blob {digest.short} of {self.name.title}"
        download = Download(lambda headers: self._blob(digest, headers), title, size, self._remotes[-1].wait)
        for chunk in download:
            if is_stopped():
                raise ReadingStopped(f"reading {self.name.title} was stopped")
            hasher.update(chunk)
            yield chunk
        if hasher.hexdigest() != digest.encoded:
            raise DigestMismatch(f"{title} {download.mismatch}")

    def blob_range(self, digest: Digest, offset: int, length: int) -> bytes | None:
        """Return a range of a blob, None where the server does not serve it; it is not checked against a digest."""

        def read() -> bytes | None:
            answer = self._blob(digest, {"Range": f"bytes={offset}-{offset + length - 1}"})
            if range_of(answer) == (offset, offset + length - 1):
                return answer.read(length)
            answer.leave()
            return None

        data = _again_if_broken(read)
        return data if data is None or len(data) == length else None

    def _blob(self, digest: Digest, headers: Mapping[str, str]) -> HttpAnswer:
        return self._first(lambda remote: self._blob_of(remote, digest, headers))

    def _blob_of(self, remote: Remote, digest: Digest, headers: Mapping[str, str]) -> HttpAnswer:
        answer = remote.request("GET", f"blobs/{digest}", headers)
        if answer.status == NOT_FOUND:
            answer.leave()
            raise MissingBlob(f"the registry has no blob {digest.short} of {self.name.title}")
        if answer.status not in (OK, PARTIAL) and not (headers and answer.status in NO_RANGE):
            raise remote.refusal(answer, f"blob {digest.short}")
        return answer

    def tags(self) -> Iterator[str]:
        """Yield the tags in the registry's order; raises ImageNotFound and SourceError."""
        yield from self._pages("tags/list", "list of tags", lambda page: page.tags)

    def repositories(self) -> Iterator[str]:
        """Yield the repositories of the registry, which may keep them to itself; raises as `tags` does."""
        yield from self._pages("/v2/_catalog", "catalog", lambda page: page.repositories)

    def _pages(self, path: str, what: str, names: Callable[[_Names], list[str] | None]) -> Iterator[str]:
        remote = self._remotes[-1]
        url = urljoin(remote.location.url, f"{path}?n={_NAMES_A_PAGE}")
        for _ in range(_MOST_PAGES):
            answer, data = self._document(remote, url, {}, what)
            try:
                yield from names(msgspec.json.decode(data, type=_Names)) or ()
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise SourceError(f"the {what} of {self.name.title} is invalid") from error
            following = _NEXT_PAGE.search(answer.headers.get("Link", ""))
            if following is None:
                return
            previous, url = url, urljoin(url, following[1])
            if urlsplit(url)[:2] != urlsplit(previous)[:2]:
                raise SourceError(f"the {what} of {self.name.title} goes on at another host")
        raise SourceError(f"the {what} of {self.name.title} has no end")

    def referrers(self, digest: Digest) -> bytes | None:
        """Return the index of what refers to a manifest, from the API or the tag in its place; None for none."""
        for path in (f"referrers/{digest}", f"manifests/{digest.algorithm}-{digest.encoded}"):
            with suppress(ImageNotFound):
                return self._document(self._remotes[-1], path, _ACCEPT_INDEX, f"referrers to {digest.short}")[1]
        return None

    def cancel(self) -> None:
        """End the requests of all threads, each with ReadingStopped, and those to come."""
        for remote in self._remotes:
            remote.transport.cancel()

    def close(self) -> None:
        for remote in self._remotes:
            remote.transport.close()

    def __exit__(self, *_exit: object) -> None:
        self.close()

    def _first(self, ask: Callable[[Remote], T]) -> T:
        """Return the answer of the first address that has one, else raise what the registry itself says."""
        failures = list[SourceError | FormatError]()
        for remote in self._remotes:
            try:
                return ask(remote)
            except (SourceError, FormatError) as error:
                failures.append(error)
        answers = [error for error in failures if not isinstance(error, Broken)]
        raise (answers or failures)[-1]

    def _document(self, remote: Remote, url: str, headers: Mapping[str, str], what: str) -> tuple[HttpAnswer, bytes]:
        """Return an answer and its body; raises InvalidManifest for one that is too large."""

        def read() -> tuple[HttpAnswer, bytes]:
            answer = remote.request("GET", url, headers)
            if answer.status != OK:
                raise remote.refusal(answer, what)
            return answer, answer.read(DOCUMENT_LIMIT + 1)

        answer, data = _again_if_broken(read)
        if len(data) > DOCUMENT_LIMIT:
            raise InvalidManifest(f"the {what} of {self.name.title} is larger than {human_size(DOCUMENT_LIMIT)}")
        if data.startswith(_GZIP):
            raise InvalidManifest(f"the {what} of {self.name.title} comes compressed, which nobody asked for")
        return answer, data

    def _hash(self, algorithm: str, data: bytes = b"") -> "hashlib._Hash":
        if algorithm not in _ALGORITHMS:
            raise UnsupportedFormat(f"{self.name.title} uses digests of the unknown algorithm {short_name(algorithm)}")
        return hashlib.new(algorithm, data)


def _again_if_broken(read: Callable[[], T]) -> T:
    try:
        return read()
    except Unreachable:
        raise
    except Broken:
        return read()
