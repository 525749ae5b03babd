"""An image as its documents describe it, before a layer is read, and where the bytes of its layers are."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from layerscope.model.content_facts import ContentNeeds
from layerscope.model.documents import Digest, ImageConfig, Platform
from layerscope.model.engine import Engine
from layerscope.model.entries import LayerEntries
from layerscope.model.local import Container, Storage
from layerscope.model.progress import ExportProgress
from layerscope.model.provenance import Attestations, RegistryFacts

FileVersion = tuple[int, int, int, int]
"""Device, inode, size and time of the last change: a file that is replaced or written to gets another version."""


def version_of(status: os.stat_result) -> FileVersion:
    """Return the version of a file."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def known_sum(sizes: Iterable[int | None]) -> int | None:
    """Return the sum of sizes; None if one is unknown."""
    sizes = list(sizes)
    return None if None in sizes else sum(filter(None, sizes))


class FileSpan(Struct, frozen=True):
    """``size`` bytes of the file ``path`` from ``offset``; ``stated_size`` is larger if the file ends early.

    ``version`` is that of the user's file when the image was opened, and None for a temporary file. ``packed`` is the
    compressed file that a temporary one was decompressed from.
    """

    path: str
    offset: int
    size: int
    stated_size: int
    version: FileVersion | None = None
    packed: "FileSpan | None" = None

    @classmethod
    def of_file(cls, path: str, status: os.stat_result) -> "FileSpan":
        return cls(path, 0, status.st_size, status.st_size, version_of(status))

    def part(self, offset: int, stated_size: int) -> "FileSpan":
        """Return the part of the span from ``offset`` on, as far as the span has it."""
        size = max(0, min(stated_size, self.size - offset))
        return replace(self, offset=self.offset + offset, size=size, stated_size=stated_size)

    @property
    def truncated(self) -> bool:
        """True if the file ends before the span does."""
        return self.stated_size > self.size

    @property
    def stored_size(self) -> int:
        """The bytes that the user's file spends on the span, at most."""
        return self.size if self.packed is None else self.packed.size


class UnpackedLayer(Struct, frozen=True):
    """A layer that an engine keeps unpacked: its tar's headers in the file ``headers``, its files below ``folder``."""

    headers: str
    folder: str


class TableOfContents(Struct, frozen=True):
    """The table of contents within a layer's blob, as a registry's manifest states it, and the ``file`` it is in here.

    ``position`` are its offset in the blob, its stored size and its size; None where the end of the blob says it.
    """

    digest: Digest
    position: tuple[int, int, int] | None = None
    file: FileSpan | None = None


class Compression(StrEnum):
    """The compression of a blob, detected from its first bytes."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"
    XZ = "xz"
    BZIP2 = "bzip2"


class Layer(Struct, frozen=True):
    """One layer, numbered from 1 at the base.

    ``blob`` is None if the layer is not available; ``problem`` then gives the reason in one sentence. A layer in the
    store of an engine has no blob, but is ``unpacked``. The last layer of a container is ``writable``. ``verified``: it
    is known that the bytes have the ``diff_id``, which is otherwise a claim of the image. ``short``: the blob has fewer
    bytes than the manifest says.
    """

    number: int
    blob: FileSpan | None
    compression: Compression | None
    digest: Digest | None = None
    diff_id: Digest | None = None
    media_type: str | None = None
    problem: str | None = None
    unpacked: UnpackedLayer | None = None
    writable: bool = False
    verified: bool = False
    short: bool = False
    contradicts: str | None = None
    """The statement that the bytes from a registry contradict, ``digest`` or ``diff_id``; None for none."""
    known_size: int | None = None
    """The size of a blob that is not here: an engine has exported it before, or a registry's manifest states it."""
    packed_blob: FileSpan | None = None
    """The span that the blob will have once the archive that holds it is decompressed; without a ``blob`` alone."""
    table: TableOfContents | None = None
    """The table that the layer is listed from, in place of its blob: a claim, so that it is not ``verified``."""

    @property
    def can_be_listed(self) -> bool:
        """True if its bytes are here, or the table that it is listed from."""
        has_table = self.table is not None and self.table.file is not None
        return self.blob is not None or self.unpacked is not None or has_table

    @property
    def is_here(self) -> bool:
        """True if nothing has to be fetched before it is read: it can be listed, or it is known why not."""
        return self.can_be_listed or self.writable or self.problem is not None

    @property
    def blob_size(self) -> int | None:
        """The bytes of the blob as stored, counted and not taken from the image; None without a blob."""
        blob = self.blob or self.packed_blob
        return blob.size if blob else self.known_size

    @property
    def pull_size(self) -> int | None:
        """The bytes that a pull takes; None if the layer is not stored compressed: a registry has another form then."""
        return None if self.compression in {None, Compression.NONE} else self.blob_size


class Step(Struct, frozen=True):
    """One history line; ``layer`` is the number of the layer that it created, or None."""

    instruction: str | None
    created_by: str | None = None
    created: str | None = None
    author: str | None = None
    comment: str | None = None
    layer: int | None = None

    @property
    def title(self) -> str:
        """The instruction; without one, the comment of the history line."""
        return self.instruction or self.comment or "(no instruction recorded)"


class Claim(Struct, frozen=True):
    """A statement of an image's documents about one of its blobs, in the words of the image spec.

    The blob of a ``layer`` that has a number is that layer's; the bytes of others are in the ``span``. ``problem`` is
    the reason why there are none, ``is_contradicted`` if the reason is that the source has got others. A document may
    state an ``own_media_type``; ``error`` says why the bytes are not such a document.
    """

    subject: str
    layer: int | None = None
    digest: Digest | None = None
    size: int | None = None
    media_type: str = ""
    span: FileSpan | None = None
    problem: str | None = None
    is_contradicted: bool = False
    own_media_type: str = ""
    error: str | None = None
    platform: Platform | None = None
    table: TableOfContents | None = None


class Listing(NamedTuple):
    """Layers are listed while they come, with what is in ``needs`` of their content; ``take`` gets their entries."""

    take: Callable[[Layer, LayerEntries], None]
    needs: ContentNeeds | None = None


Fetch = Callable[[Sequence[Layer], Callable[[], None], Listing | None], Iterator[ExportProgress | Layer]]
"""Gets the content of layers: yields progress, and each layer with its content or with a ``problem`` as it comes.

An engine also sends layers that were not asked for. What is called now and then may raise, which ends it. A registry
also lists layers if there is a listing. Raises SourceError and FormatError where no layer can be had.
"""


ReadRange = Callable[[Layer, int, int], bytes | None]
"""Reads bytes of a layer's blob from an offset; None where they cannot be had. Raises SourceError and FormatError."""


class Image(Struct, frozen=True, dict=True):
    """One image of one platform.

    ``warnings`` are sentences about contradictions between its documents; ``annotations`` are its manifest's. The last
    layer of a ``container`` is the one it writes to.
    """

    reference: str
    source: str
    config: ImageConfig
    layers: tuple[Layer, ...]
    steps: tuple[Step, ...]
    tags: tuple[str, ...] = ()
    digest: Digest | None = None
    config_digest: Digest | None = None
    warnings: tuple[str, ...] = field(default=())
    annotations: Mapping[str, str] = field(default_factory=dict)
    requested_tag: str | None = None
    """The tag that the user asked for, if there are several."""
    container: Container | None = None
    container_image: "Image | None" = None
    """The image of the ``container``, without the writable layer."""
    storage: Storage | None = None
    """The storage in which an engine keeps it, for an engine's image."""
    engine_key: str | None = None
    """The address of its engine and its id there, for an engine's image."""
    engine_notes: tuple[str, ...] = ()
    """Those of the ``warnings`` that are about other engines."""
    fetch: Fetch | None = None
    """Gets the content of layers from an engine or a registry, if the image is known without it."""
    also_in: tuple[Engine, ...] = ()
    """Other engines that have an image of the name that the user gave."""
    read_range: ReadRange | None = None
    """Reads a part of the blob of a layer that has a table of contents."""
    read_attestations: Callable[[], Attestations] = Attestations
    """Reads the attestations about the image, which no listing needs."""
    claims: Callable[[], Sequence[Claim]] = tuple
    """Reads what the documents say about the blobs, from the index to the layers, which no listing needs."""

    read_registry: Callable[[], RegistryFacts] | None = None
    """Asks the registry that has the image what belongs to it; takes as long as the network, and raises nothing."""

    @cached_property
    def attestations(self) -> Attestations:
        return self.read_attestations()

    @property
    def platform(self) -> Platform:
        return self.config.platform

    @property
    def name(self) -> str:
        """The title: a container's name and state, or the requested tag, or the first full tag, or the reference."""
        if self.container is not None:
            return f"{self.container.name} ({self.container.state})"
        return self.requested_tag or next((tag for tag in self.tags if ":" in tag or "/" in tag), self.reference)

    @property
    def blob_size(self) -> int | None:
        """The bytes of all layers as stored; None if one is missing."""
        return known_sum(layer.blob_size for layer in self.layers)

    def step(self, layer: int) -> Step:
        """Return the step that created a layer; a step without any text if the history has none."""
        return self._step_by_layer.get(layer) or Step(None, layer=layer)

    @cached_property
    def _step_by_layer(self) -> dict[int, Step]:
        # a search in the steps for each layer takes minutes where an image has 10,000 of both
        return {step.layer: step for step in reversed(self.steps) if step.layer}
