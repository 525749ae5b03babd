"""The registries as a source: documents first, then the layers that are to be read."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from functools import partial
from itertools import zip_longest
from typing import NamedTuple

from msgspec.structs import replace

from layerscope.errors import FormatError, InvalidManifest, LayerscopeError
from layerscope.model.candidate import Candidate
from layerscope.model.documents import Descriptor, Digest, Index, Manifest, decode
from layerscope.model.image import FileSpan, Image, Layer
from layerscope.model.provenance import RegistryFacts
from layerscope.sources.image.builder import Origin
from layerscope.sources.image.choice import choose
from layerscope.sources.image.documents import DOCUMENT_LIMIT, Documents
from layerscope.sources.image.manifest_kind import artifact_named
from layerscope.sources.image.oci_layout import ATTESTATION, oci_candidates
from layerscope.sources.registry.client import RegistryClient
from layerscope.sources.registry.hosts import RegistryName, parse_registry_name
from layerscope.sources.registry.layer_fetch import fetch_layers
from layerscope.sources.registry.table import stated_table
from layerscope.sources.request import REGISTRY, KnownImages, Request
from layerscope.sources.stream.spool import Spool
from layerscope.text import human_size

_MOST_ATTACHED = 100


def open_image(request: Request, spool: Spool) -> tuple[Candidate, ...]:
    """Return the images of a name in a registry; no layer is requested before it is read.

    Raises UsageError for an invalid name, ImageNotFound, SourceError and FormatError.
    """
    name = parse_registry_name(request.reference.removeprefix(REGISTRY))
    client = RegistryClient(name)
    spool.on_close(client.close)
    spool.progress(0, None)
    origin = Origin.registry(request.reference)
    start, documents, candidates = _candidates(client, name, origin, spool, request.known)
    tags = (str(replace(name, digest=None)),) if name.tag else ()
    opened = _Opened(client, spool, request.known, tags, start, documents, candidates)
    return tuple(
        replace(
            each,
            tags=tags,
            build=partial(_build, each.build, opened),
            salvage=each.salvage and partial(_build, each.salvage, opened),
        )
        for each in candidates
    )


class _Opened(NamedTuple):
    """A name that has been opened: ``start`` is the document that it has, an index or a manifest."""

    client: RegistryClient
    spool: Spool
    known: KnownImages | None
    tags: tuple[str, ...]
    start: Digest
    documents: Documents
    candidates: tuple[Candidate, ...]


def tagged_image(
    client: RegistryClient, name: RegistryName, platform: str | None, known: KnownImages | None
) -> tuple[Digest, Image]:
    """Return the digest of a manifest or index, and its image for a platform, whose layers cannot be read.

    Raises ImageNotFound, SourceError and FormatError.
    """
    with ExitStack() as stack:
        digest, _, candidates = _candidates(client, name, Origin.registry(f"{REGISTRY}{name}"), Spool(stack), known)
        image = choose(candidates, None, platform, name="the tag").build()
        return digest, replace(image, layers=tuple(_as_known(layer, known) for layer in image.layers))


def _candidates(
    client: RegistryClient, name: RegistryName, origin: Origin, spool: Spool, known: KnownImages | None
) -> tuple[Digest, Documents, tuple[Candidate, ...]]:
    files = _RegistryFiles(client, spool, known)
    digest, documents = files.start(name), Documents(files)
    return digest, documents, oci_candidates(documents, origin, digest)


def _build(build: Callable[[], Image], opened: _Opened) -> Image:
    image = build()
    return replace(
        image,
        layers=tuple(_as_known(layer, opened.known) for layer in _with_tables(image, opened.documents)),
        tags=opened.tags,
        fetch=partial(fetch_layers, opened.client.name, opened.spool, known=opened.known),
        read_range=partial(_read_range, opened.client),
        read_registry=partial(_registry_facts, image, opened),
    )


def _registry_facts(image: Image, opened: _Opened) -> RegistryFacts:
    """Return the artifacts in the index, and those that refer to it or to the image."""
    attached = [
        f"{candidate.set_aside}, {candidate.digest.short}"
        for candidate in opened.candidates
        if candidate.digest and candidate.set_aside and not candidate.set_aside.startswith(ATTESTATION)
    ]
    problem = ""
    for subject in dict.fromkeys((opened.start, image.digest or opened.start)):
        try:
            data = opened.client.referrers(subject)
            index = Index() if data is None else decode(data, Index, f"the list of what refers to {subject.short}")
        except LayerscopeError as error:
            problem = str(error)
            continue
        for descriptor in index.manifests or ():
            kind = descriptor.artifact_type or descriptor.media_type
            attached.append(f"{artifact_named(kind)}, {descriptor.digest.short}")
    shown = tuple(dict.fromkeys(attached))[:_MOST_ATTACHED]
    return RegistryFacts(image.attestations, shown, opened.client.rate_limit, problem)


def _with_tables(image: Image, documents: Documents) -> Iterator[Layer]:
    """Yield the layers of an image with the tables of contents that its manifest states; a broken one states none."""
    described = list[Descriptor]()
    with suppress(FormatError):
        described = (image.digest and documents.document(image.digest.blob_name, Manifest).layers) or []
    for layer, descriptor in zip_longest(image.layers, described[: len(image.layers)]):
        table = descriptor and stated_table(layer, descriptor.annotations or {})
        yield replace(layer, table=table) if table else layer


def _read_range(client: RegistryClient, layer: Layer, offset: int, size: int) -> bytes | None:
    return None if layer.digest is None else client.blob_range(layer.digest, offset, size)


def _as_known(layer: Layer, known: KnownImages | None) -> Layer:
    """Return a layer as verified if an earlier run has found that the bytes of its blob have its diff_id."""
    digest, diff_id = layer.digest, layer.diff_id
    if known is None or digest is None or diff_id is None:
        return layer
    is_known = digest == diff_id or known.has_diff_id(digest, diff_id)
    return replace(layer, verified=is_known, table=None if is_known else layer.table)


class _RegistryFiles:
    """The documents of a repository as files of an image layout, each requested once, and none of them a layer.

    What is known is not requested. Each is checked against its digest.
    """

    error: str | None = None

    def __init__(self, client: RegistryClient, spool: Spool, known: KnownImages | None) -> None:
        self.description = client.name.title
        self._client = client
        self._spool = spool
        self._known = known
        self._manifests = set[Digest]()
        """The manifests that indexes list: a registry serves them at another address than blobs."""
        self._spans: dict[str, FileSpan] = {}

    def start(self, name: RegistryName) -> Digest:
        """Return the digest of the manifest or index that has the name; raises ImageNotFound and SourceError."""
        digest = name.digest
        if digest is None and self._known is not None and name.tag is not None:
            digest = self._client.head(name.tag)
        data = None if digest is None else self._known_document(digest)
        if digest is None or data is None:
            reply = self._client.manifest(name.digest or name.tag or "")
            digest, data = reply.digest, reply.data
            self._keep(digest, data)
        self._take(digest, data)
        return digest

    def span(self, name: str) -> FileSpan | None:
        """Return the span of a document, requested if it is new.

        Raises MissingBlob, DigestMismatch, InvalidManifest and SourceError.
        """
        if name not in self._spans:
            algorithm, _, encoded = name.removeprefix("blobs/").partition("/")
            digest = Digest(algorithm, encoded)
            data = self._known_document(digest)
            if data is None:
                data = self._requested(digest)
                self._keep(digest, data)
            self._take(digest, data)
        return self._spans[name]

    def _requested(self, digest: Digest) -> bytes:
        if digest in self._manifests:
            return self._client.manifest(digest).data
        data = bytearray()
        for chunk in self._client.blob(digest, None):
            data += chunk
            if len(data) > DOCUMENT_LIMIT:
                size = human_size(DOCUMENT_LIMIT)
                raise InvalidManifest(f"{digest.short} in {self.description} is too large for a document (over {size})")
        return bytes(data)

    def _take(self, digest: Digest, data: bytes) -> None:
        self._spans[digest.blob_name] = self._spool.chunks([data], self.description)
        try:
            index = decode(data, Index, self.description)
        except FormatError:
            return
        self._manifests.update(descriptor.digest for descriptor in index.manifests or ())

    def _known_document(self, digest: Digest) -> bytes | None:
        return None if self._known is None else self._known.document(digest)

    def _keep(self, digest: Digest, data: bytes) -> None:
        if self._known is not None:
            self._known.keep_document(digest, data, self.description)
