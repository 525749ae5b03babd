"""An image built from its config and the documents' description of its layers, shared by all sources.

https://github.com/opencontainers/image-spec/blob/main/config.md
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Self
from urllib.parse import urlsplit

from msgspec import Struct, field

from layerscope.errors import InvalidLayer, InvalidManifest, MissingBlob, UnsupportedCompression, os_reason
from layerscope.model.documents import Digest, ImageConfig, Platform, RunConfig
from layerscope.model.engine import Engine
from layerscope.model.image import Claim, Compression, FileSpan, Image, Layer, Step
from layerscope.model.instruction import UNKNOWN_PORTS, instruction_of
from layerscope.model.provenance import Attestations
from layerscope.sources.image.documents import Files, holds
from layerscope.sources.stream.compression import DecompressedSpan, detect_span
from layerscope.sources.tar.header import BLOCK, has_valid_checksum
from layerscope.text import plural, short_name

_MOST_LAYERS = 65_535
"""Layer numbers are columns of 16 bits."""

_MOST_STEPS = 200_000
"""Lines of a history; each costs about a kilobyte once it is listed."""

_ENCRYPTED = "+encrypted"
_TAR = "tar"
"""A part of the media types of all tar layers."""

_FOREIGN = ("nondistributable", "foreign")


class Origin(Struct, frozen=True):
    """The reference that the user typed, and the source names of a Docker archive and an OCI layout."""

    reference: str
    docker: str
    oci: str
    is_remote: bool = False
    """True for a registry: what its documents say of blobs is enough, until they are read."""

    @classmethod
    def archive(cls, reference: str) -> Self:
        return cls(reference, "docker-archive", "oci-archive")

    @classmethod
    def folder(cls, reference: str) -> Self:
        return cls(reference, "docker-folder", "oci-layout")

    @classmethod
    def engine(cls, reference: str, engine: Engine) -> Self:
        return cls(reference, engine, engine)

    @classmethod
    def registry(cls, reference: str) -> Self:
        """Return the origin of an image in a registry."""
        return cls(reference, "registry", "registry", is_remote=True)


class LayerBlob(Struct, frozen=True):
    """One layer as the documents describe it: the name of its file, and claims about it."""

    name: str
    digest: Digest | None = None
    media_type: str | None = None
    size: int | None = None
    urls: tuple[str, ...] = ()

    @property
    def foreign(self) -> bool:
        """True for a layer that archives may leave out."""
        return bool(self.media_type) and any(word in str(self.media_type) for word in _FOREIGN)


class Blueprint(Struct, frozen=True):
    """The facts that a source gives about an image."""

    files: Files
    reference: str
    source: str
    config: ImageConfig
    config_digest: Digest | None
    layers: Sequence[LayerBlob]
    tags: tuple[str, ...] = ()
    digest: Digest | None = None
    stated_platform: Platform | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)
    read_attestations: Callable[[], Attestations] = Attestations
    is_remote: bool = False
    claims: Callable[[], Sequence[Claim]] = tuple


_Located = tuple[FileSpan | None, Compression | None, str | None]
"""The span of a blob and its compression, or the reason why it cannot be read."""


def build_image(blueprint: Blueprint) -> Image:
    """Return the image; a layer that is not available states the reason in ``problem``.

    Raises InvalidManifest if it has too many history lines.
    """
    _check_count(len(blueprint.config.history or ()), "history lines", _MOST_STEPS, blueprint.files)
    # Layers that share a blob, as the empty layers of some builders do, are opened only once.
    located = {
        blob: _described(blob) if blueprint.is_remote else _locate(blueprint.files, blob)
        for blob in set(blueprint.layers)
    }
    layers = tuple(_layer(blueprint, number, blob, located[blob]) for number, blob in enumerate(blueprint.layers, 1))
    steps, warning = pair_history(blueprint.config, len(layers))
    warnings = [warning, _diff_ids_warning(blueprint), _platform_warning(blueprint), blueprint.files.error]
    return Image(
        blueprint.reference,
        blueprint.source,
        blueprint.config,
        layers,
        steps,
        blueprint.tags,
        blueprint.digest,
        blueprint.config_digest,
        (*filter(None, warnings), *_size_warnings(layers, blueprint.layers)),
        blueprint.annotations,
        read_attestations=blueprint.read_attestations,
        claims=blueprint.claims,
    )


def check_layer_count(count: int, files: Files) -> None:
    """Raise InvalidManifest if an image has too many layers; a source checks it before it looks at them."""
    _check_count(count, "layers", _MOST_LAYERS, files)


def _check_count(count: int, noun: str, most: int, files: Files) -> None:
    if count > most:
        raise InvalidManifest(f"an image in {files.description} has {count:,} {noun}, more than {most:,}")


class Completeness:
    """The images of which no blob is missing; the layers of one manifest are looked up once."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._known: dict[int, bool] = {}

    def of(self, manifest: object, layers: Sequence[LayerBlob]) -> bool:
        """Return True if the files hold every layer of the manifest, foreign layers excepted."""
        key = id(manifest)
        if key not in self._known:
            names = {blob.name for blob in layers if not blob.foreign}
            self._known[key] = all(holds(self._files, name) for name in names)
        return self._known[key]


def _layer(blueprint: Blueprint, number: int, blob: LayerBlob, located: _Located) -> Layer:
    span, compression, problem = located
    diff_ids = blueprint.config.diff_ids
    diff_id = diff_ids[number - 1] if number <= len(diff_ids) else None
    # The diff_id is the digest of the uncompressed layer.
    digest = blob.digest or (diff_id if compression is Compression.NONE else None)
    short = span is not None and blob.size is not None and span.stated_size < blob.size
    known_size = blob.size if blueprint.is_remote else None
    media_type = blob.media_type or None
    return Layer(number, span, compression, digest, diff_id, media_type, problem, short=short, known_size=known_size)


def _described(blob: LayerBlob) -> _Located:
    """Return the compression of a blob that is still to come, by its media type."""
    media_type = blob.media_type or ""
    if media_type.endswith(_ENCRYPTED):
        return None, None, _encrypted(blob)
    return None, next((kind for kind in Compression if media_type.endswith(kind)), Compression.NONE), None


def _locate(files: Files, blob: LayerBlob) -> _Located:
    """Return the blob's span and compression, or the reason why it cannot be read."""
    try:
        span = files.span(blob.name)
        if span is None:
            return None, None, _absence(files, blob)
        if blob.media_type and blob.media_type.endswith(_ENCRYPTED):
            return span, None, _encrypted(blob)
        compression = detect_span(span)
        if blob.media_type and _TAR not in blob.media_type and not _is_tar(span, compression):
            return span, None, f"the blob {_name(blob)} is not a tar archive but {short_name(blob.media_type)}"
    except MissingBlob as error:
        return None, None, str(error)
    except OSError as error:
        return None, None, f"cannot read the blob {_name(blob)} in {files.description}: {os_reason(error)}"
    return span, compression, None


def _is_tar(span: FileSpan, compression: Compression) -> bool:
    """Return True if a blob starts as a tar does; a stream that breaks before that may be one."""
    try:
        with closing(DecompressedSpan(span, compression)) as stream:
            block = b""
            while len(block) < BLOCK and (chunk := stream.read1(BLOCK - len(block))):
                block += chunk
    except (InvalidLayer, UnsupportedCompression):
        return True
    return len(block) < BLOCK or not block.strip(b"\0") or has_valid_checksum(block)


def _encrypted(blob: LayerBlob) -> str:
    return f"the blob {_name(blob)} is encrypted ({short_name(blob.media_type or '')})"


def _name(blob: LayerBlob) -> str:
    return short_name(str(blob.digest or blob.name))


def _absence(files: Files, blob: LayerBlob) -> str:
    if not blob.foreign:
        return f"the blob {_name(blob)} is not in {files.description}"
    hosts = " or ".join(dict.fromkeys(map(_host, blob.urls)))
    location = f", stored at {hosts}," if hosts else ""
    return f"the blob {_name(blob)} is a foreign layer{location} and is not in {files.description}"


def _host(url: str) -> str:
    try:
        return short_name(urlsplit(url).hostname or url)
    except ValueError:
        return short_name(url)


def _diff_ids_warning(blueprint: Blueprint) -> str | None:
    stated, listed = len(blueprint.config.diff_ids), len(blueprint.layers)
    if stated == listed:
        return None
    return f"the config names {plural(stated, 'diff_id')} and the manifest lists {plural(listed, 'layer')}"


def _platform_warning(blueprint: Blueprint) -> str | None:
    stated, own = blueprint.stated_platform, blueprint.config.platform
    if stated is None or not str(stated) or (stated.os, stated.architecture) == (own.os, own.architecture):
        return None
    return f"the index says {short_name(str(stated))}, and the config {short_name(str(own)) or 'names no platform'}"


def _size_warnings(layers: Sequence[Layer], blobs: Sequence[LayerBlob]) -> list[str]:
    return [
        f"the blob of layer {layer.number} has {layer.blob.stated_size:,} bytes, and the manifest says {blob.size:,}"
        for layer, blob in zip(layers, blobs, strict=True)
        if layer.blob is not None and blob.size is not None and layer.blob.stated_size != blob.size
    ]


def pair_history(config: ImageConfig, layers: int) -> tuple[tuple[Step, ...], str | None]:
    """Return the steps, base first, and a warning if the history and the layers do not match.

    The lines are in layer order, and each line that is not marked as an empty layer created one.
    They are paired from the base up. A surplus line created no layer; a surplus layer gets a step without text. An
    image without any history causes no warning.
    """
    history = config.history or []
    instructions = _with_ports([instruction_of(entry.created_by) for entry in history], config.config or RunConfig())
    steps: list[Step] = []
    made = 0
    for entry, instruction in zip(history, instructions, strict=True):
        if not entry.empty_layer:
            made += 1
        layer = None if entry.empty_layer or made > layers else made
        steps.append(Step(instruction, entry.created_by, entry.created, entry.author, entry.comment, layer))
    steps += [Step(None, layer=number) for number in range(made + 1, layers + 1)]
    warning = None
    if history and made != layers:
        warning = f"the history describes {plural(made, 'layer')} and the manifest lists {layers:,}"
    return tuple(steps), warning


def _with_ports(instructions: list[str | None], run: RunConfig) -> list[str | None]:
    """Return the instructions, an EXPOSE whose ports are not recorded with those that only it can have exposed."""
    if instructions.count(UNKNOWN_PORTS) != 1:
        return instructions
    words = [each.split()[1:] for each in instructions if each and each.startswith("EXPOSE ") and each != UNKNOWN_PORTS]
    recorded = {word if "/" in word else f"{word}/tcp" for each in words for word in each}
    exposed = (run.exposed_ports or {}).keys()
    if not recorded < exposed:
        return instructions
    ports = f"EXPOSE {' '.join(sorted(exposed - recorded))}"
    return [ports if each == UNKNOWN_PORTS else each for each in instructions]
