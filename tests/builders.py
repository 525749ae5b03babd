"""Builds layers and images in memory, for tests.

::

    base = layer(directory("etc"), file("etc/passwd", b"root"))
    top = layer(whiteout("etc/passwd"), opaque("var"), symlink("bin", "usr/bin"))
    docker_archive(path, image(base, top, tags=["my-app:v1"]))

Every format is first a dict of named files (`docker_files`, `legacy_docker_files`, `oci_files`, `OciStore`), which a
test may change before `write_tar` or `write_folder` writes it.
"""

import bz2
import gzip
import hashlib
import json
import lzma
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from layerscope.model.image import Compression, FileSpan
from layerscope.sources.image.archive import ArchiveFiles
from layerscope.sources.open import OpenedSource
from tests.tars import (
    BLOCK,
    BLOCK_DEVICE,
    CHAR,
    DIRECTORY,
    END,
    FIFO,
    FILE,
    HARD_LINK,
    SYMLINK,
    Sparse,
    SparseStyle,
    TarEntry,
    encode,
)

Opener = Callable[[Path], OpenedSource]
"""The type of the ``opened`` fixture."""

Json = dict[str, Any]

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"


def file(name: str, content: bytes = b"", **facts: Any) -> TarEntry:
    """Return a regular file; ``facts`` are mode, uid, gid, mtime, and the records of a PAX header."""
    return _entry(name, FILE, content=content, **facts)


def sparse(name: str, size: int, *pieces: tuple[int, bytes], **facts: Any) -> TarEntry:
    """Return a file with holes, in the form of PAX 0.1: only the pieces are stored, each at its offset."""
    ends = tuple((offset, len(data)) for offset, data in pieces)
    stored = b"".join(data for _, data in pieces)
    return file(name, stored, sparse=Sparse(SparseStyle.PAX_0_1, size, ends), **facts)


def directory(name: str, **facts: Any) -> TarEntry:
    """Return a directory."""
    return _entry(name if name.endswith("/") else f"{name}/", DIRECTORY, **{"mode": 0o755, **facts})


def symlink(name: str, target: str, **facts: Any) -> TarEntry:
    """Return a symlink."""
    return _entry(name, SYMLINK, link=_bytes(target), **{"mode": 0o777, **facts})


def hardlink(name: str, target: str, **facts: Any) -> TarEntry:
    """Return a hard link to another path of the image."""
    return _entry(name, HARD_LINK, link=_bytes(target), **facts)


def fifo(name: str, **facts: Any) -> TarEntry:
    """Return a named pipe."""
    return _entry(name, FIFO, **facts)


def device(name: str, major: int, minor: int, *, block: bool = False, **facts: Any) -> TarEntry:
    """Return a device node."""
    return _entry(name, BLOCK_DEVICE if block else CHAR, device=(major, minor), **facts)


def whiteout(path: str) -> TarEntry:
    """Return the entry that hides a path of the lower layers."""
    parent, slash, name = path.rpartition("/")
    return file(f"{parent}{slash}.wh.{name}")


def opaque(path: str) -> TarEntry:
    """Return the entry that hides everything that the lower layers have below a directory."""
    return file(f"{path.rstrip('/')}/.wh..wh..opq".lstrip("/"))


def _entry(name: str, flag: bytes, *, records: Mapping[str, str] | None = None, **facts: Any) -> TarEntry:
    encoded = {_bytes(key): _bytes(value) for key, value in (records or {}).items()}
    return TarEntry(_bytes(name), flag, records=encoded, **facts)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def layer(*entries: TarEntry) -> bytes:
    """Return the uncompressed tar of a layer, which ends with a whole record, as GNU tar and tarfile write it."""
    written = b"".join([*map(encode, entries), END])
    return written + bytes(-len(written) % (20 * BLOCK))


def compressed(data: bytes, compression: Compression) -> bytes:
    """Return the bytes, compressed."""
    match compression:
        case Compression.GZIP:
            return gzip.compress(data, mtime=0)
        case Compression.ZSTD:
            return _zstd(data)
        case Compression.XZ:
            return lzma.compress(data)
        case Compression.BZIP2:
            return bz2.compress(data)
        case Compression.NONE:
            return data


def _zstd(data: bytes) -> bytes:
    import sys  # noqa: PLC0415

    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415
    else:
        from backports import zstd  # noqa: PLC0415
    return zstd.compress(data)


def sha256(data: bytes) -> str:
    """Return the digest of the bytes: ``sha256:…``."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def blob_name(digest: str) -> str:
    """Return the file name of a blob in an OCI layout."""
    return f"blobs/{digest.replace(':', '/')}"


def to_json(document: object) -> bytes:
    """Return the document as bytes."""
    return json.dumps(document).encode()


@dataclass(frozen=True)
class ImageRecipe:
    """An image to write in any format: ``layers`` are uncompressed tars, ``config`` is the run config."""

    layers: tuple[bytes, ...]
    tags: tuple[str, ...] = ()
    platform: str = "linux/amd64"
    history: Sequence[Json] | None = None
    config: Json = field(default_factory=dict)
    created: str = "2026-11-23T21:19:00Z"

    @property
    def config_json(self) -> bytes:
        """The image config; without a history, each layer has a COPY line."""
        os, architecture, *variant = self.platform.split("/")
        lines = [{"created": self.created, "created_by": f"COPY layer-{n} /"} for n in range(1, len(self.layers) + 1)]
        document: Json = {
            "os": os,
            "architecture": architecture,
            "created": self.created,
            "config": self.config,
            "rootfs": {"type": "layers", "diff_ids": [sha256(tar) for tar in self.layers]},
            "history": lines if self.history is None else list(self.history),
        }
        return to_json(document | ({"variant": variant[0]} if variant else {}))


def image(*layers: bytes, tags: Sequence[str] = (), **facts: Any) -> ImageRecipe:
    """Return an image of these layers; ``facts`` are the other fields of `ImageRecipe`."""
    return ImageRecipe(layers, tuple(tags), **facts)


@dataclass(frozen=True)
class Link:
    """A member of an archive that links to another one."""

    target: str
    hard: bool = False


Members = dict[str, bytes | Link]
"""Named files of an archive or a folder."""


def docker_files(*images: ImageRecipe) -> Members:
    """Return the files that ``docker save`` writes since Docker 25: blobs, ``manifest.json`` and an index."""
    store = OciStore()
    descriptors = [store.image(recipe, tag=tag) for recipe in images for tag in recipe.tags or [None]]
    files = store.files(descriptors)
    files["manifest.json"] = to_json([_docker_entry(recipe) for recipe in images])
    return files


def _docker_entry(recipe: ImageRecipe) -> Json:
    digests = [sha256(tar) for tar in recipe.layers]
    sources = {
        digest: {"mediaType": OCI_LAYER, "size": len(tar), "digest": digest}
        for digest, tar in zip(digests, recipe.layers, strict=True)
    }
    return {
        "Config": blob_name(sha256(recipe.config_json)),
        "RepoTags": list(recipe.tags) or None,
        "Layers": [blob_name(digest) for digest in digests],
        "LayerSources": sources,
    }


def legacy_docker_files(*images: ImageRecipe) -> Members:
    """Return the files of ``docker save`` before Docker 25: ``<id>/layer.tar``, a repeated layer as a symlink."""
    files: Members = {}
    entries = []
    first: dict[bytes, str] = {}
    for recipe in images:
        names = []
        for tar in recipe.layers:
            name = f"{hashlib.sha256(b'%d' % len(files)).hexdigest()}/layer.tar"
            files[name] = Link(f"../{first[tar]}") if tar in first else tar
            first.setdefault(tar, name)
            names.append(name)
        config = f"{sha256(recipe.config_json).removeprefix('sha256:')}.json"
        files[config] = recipe.config_json
        entries.append({"Config": config, "RepoTags": list(recipe.tags) or None, "Layers": names})
    return files | {"manifest.json": to_json(entries)}


class OciStore:
    """The blobs of an OCI layout; each method adds one and returns its descriptor."""

    def __init__(self) -> None:
        self.blobs: Members = {}

    def add(self, data: bytes, media_type: str, **facts: Any) -> Json:
        """Add a blob; ``facts`` are further fields of its descriptor."""
        digest = sha256(data)
        self.blobs[blob_name(digest)] = data
        return {"mediaType": media_type, "digest": digest, "size": len(data), **facts}

    def image(
        self,
        recipe: ImageRecipe,
        *,
        tag: str | None = None,
        compression: Compression | Sequence[Compression] = Compression.NONE,
    ) -> Json:
        """Add an image with its config and layers; one compression for all, or one for each."""
        kinds = [compression] * len(recipe.layers) if isinstance(compression, Compression) else compression
        layers = [
            self.add(compressed(tar, kind), OCI_LAYER + ("" if kind is Compression.NONE else f"+{kind}"))
            for tar, kind in zip(recipe.layers, kinds, strict=True)
        ]
        config = self.add(recipe.config_json, OCI_CONFIG)
        os, architecture, *variant = recipe.platform.split("/")
        platform = {"os": os, "architecture": architecture} | ({"variant": variant[0]} if variant else {})
        return self.manifest(config, layers, platform=platform, **_tagged(tag))

    def manifest(
        self, config: Json, layers: Sequence[Json], *, manifest_annotations: dict[str, str] | None = None, **facts: Any
    ) -> Json:
        """Add a manifest; ``facts`` are further fields of its descriptor."""
        document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": list(layers)}
        document |= {"annotations": manifest_annotations} if manifest_annotations else {}
        return self.add(to_json(document), OCI_MANIFEST, **facts)

    def index(self, descriptors: Sequence[Json], *, tag: str | None = None) -> Json:
        """Add an index of other manifests."""
        document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(descriptors)}
        return self.add(to_json(document), OCI_INDEX, **_tagged(tag))

    def attestation(self, subject: Json, statement: bytes | None = None) -> Json:
        """Add a BuildKit attestation of another manifest; without a statement, a broken one."""
        stated = to_json({"subject": subject["digest"]}) if statement is None else statement
        return self.manifest(
            self.add(to_json({"architecture": "unknown", "os": "unknown"}), OCI_CONFIG),
            [self.add(stated, "application/vnd.in-toto+json")],
            platform={"os": "unknown", "architecture": "unknown"},
            annotations={
                "vnd.docker.reference.type": "attestation-manifest",
                "vnd.docker.reference.digest": subject["digest"],
            },
        )

    def artifact(self, media_type: str, *, tag: str | None = None) -> Json:
        """Add an artifact, recognizable by its config's media type."""
        return self.manifest(self.add(b"{}", media_type), [], **_tagged(tag))

    def files(self, descriptors: Sequence[Json]) -> Members:
        """Return the layout whose ``index.json`` lists the descriptors."""
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(descriptors)}
        return self.blobs | {
            "index.json": to_json(index),
            "oci-layout": to_json({"imageLayoutVersion": "1.0.0"}),
        }


def _tagged(tag: str | None) -> Json:
    return {"annotations": {"org.opencontainers.image.ref.name": tag}} if tag else {}


def oci_files(*images: ImageRecipe, compression: Compression | Sequence[Compression] = Compression.NONE) -> Members:
    """Return an OCI image layout."""
    store = OciStore()
    tagged = [(recipe, tag) for recipe in images for tag in recipe.tags or [None]]
    return store.files([store.image(recipe, tag=tag, compression=compression) for recipe, tag in tagged])


def attested_files(recipe: ImageRecipe, predicate_type: str, predicate: object) -> Members:
    """Return an OCI layout of an image and a statement about it."""
    store = OciStore()
    manifest = store.image(recipe)
    digest = manifest["digest"].removeprefix("sha256:")
    statement = {"predicateType": predicate_type, "subject": [{"digest": {"sha256": digest}}], "predicate": predicate}
    return store.files([manifest, store.attestation(manifest, to_json(statement))])


def archive_bytes(files: Members) -> bytes:
    """Return the files as a tar."""
    entries = [_member(name, content) for name, content in files.items()]
    return layer(*entries)


def _member(name: str, content: bytes | Link) -> TarEntry:
    if isinstance(content, bytes):
        return file(name, content)
    return hardlink(name, content.target) if content.hard else symlink(name, content.target)


def write_tar(path: Path, files: Members, compression: Compression = Compression.NONE) -> Path:
    """Write the files as an archive, optionally compressed as a whole, and return its path."""
    path.write_bytes(compressed(archive_bytes(files), compression))
    return path


def archive_files(path: Path) -> ArchiveFiles:
    """Return the files of the archive at the path."""
    size = path.stat().st_size
    return ArchiveFiles(FileSpan(str(path), 0, size, size), path.name)


def write_folder(path: Path, files: Members) -> Path:
    """Write the files into a folder, and return its path."""
    for name, content in files.items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            target.write_bytes(content)
        else:
            target.symlink_to(content.target)
    return path


def docker_archive(path: Path, *images: ImageRecipe, legacy: bool = False) -> Path:
    """Write an archive as ``docker save`` does since Docker 25, or as it did before (``legacy``)."""
    return write_tar(path, legacy_docker_files(*images) if legacy else docker_files(*images))


def oci_archive(path: Path, *images: ImageRecipe, compression: Compression = Compression.GZIP) -> Path:
    """Write an OCI image layout as a tar."""
    return write_tar(path, oci_files(*images, compression=compression))


def oci_layout(path: Path, *images: ImageRecipe, compression: Compression = Compression.GZIP) -> Path:
    """Write an OCI image layout as a folder."""
    return write_folder(path, oci_files(*images, compression=compression))
