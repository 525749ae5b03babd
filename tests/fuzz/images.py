"""The forms of an image: what `docker save` writes, before and since Docker 25, OCI archives and OCI folders."""

import bz2
import gzip
import hashlib
import json
import lzma
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from tests.tars import END, Dialect, TarEntry, encode

Json = dict[str, Any]
Members = dict[str, bytes]
"""The files of an archive or folder by name."""

Tweak = Callable[[str, Any], Any]
"""A function that may spoil a document, by its kind, before its digest is computed."""

_INDEX = "application/vnd.oci.image.index.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"

PACKINGS = ("none", "gzip", "zstd", "xz", "bzip2", "gzip in pieces", "zstd in pieces")
"""Compressions of a layer or an archive."""


class Form(StrEnum):
    """A form of an image."""

    DOCKER = "docker save"
    LEGACY_DOCKER = "docker save before 25"
    OCI_ARCHIVE = "OCI archive"
    OCI_FOLDER = "OCI folder"
    NESTED_INDEX = "OCI archive with a nested index"


@dataclass
class Recipe:
    """All that an image is made from: plain tars of the layers, the compression of each, and the steps."""

    form: Form
    layers: list[bytes]
    packings: list[str]
    outer: str = "none"
    tags: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    platform: tuple[str, str] = ("linux", "amd64")


def packed(data: bytes, packing: str) -> bytes:
    """Return the data compressed in one of the `PACKINGS`."""
    name, _, in_pieces = packing.partition(" ")
    pack = _PACK[name]
    if not in_pieces:
        return pack(data)
    between = _SKIPPABLE_FRAME if name == "zstd" else b""
    return pack(data[:700]) + between + pack(data[700:])


def _zstd(data: bytes) -> bytes:
    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415  # part of the standard library since 3.14
    else:
        from backports import zstd  # noqa: PLC0415  # a dependency of layerscope
    return zstd.compress(data)


_PACK: dict[str, Callable[[bytes], bytes]] = {
    "none": bytes,
    "gzip": lambda data: gzip.compress(data, 1, mtime=0),
    "zstd": _zstd,
    "xz": lambda data: lzma.compress(data, preset=0),
    "bzip2": lambda data: bz2.compress(data, 1),
}

_SKIPPABLE_FRAME = b"\x50\x2a\x4d\x18\4\0\0\0skip"
"""A frame that decompressors skip (RFC 8878, section 3.1.2)."""


def members(recipe: Recipe, tweak: Tweak) -> Members:
    """Return the files of an image; each document passes through ``tweak`` before others refer to its digest."""
    if recipe.form is Form.LEGACY_DOCKER:
        return _legacy_docker(recipe, tweak)
    blobs: Members = {}

    def add(data: bytes, media_type: str) -> Json:
        digest = hashlib.sha256(data).hexdigest()
        blobs[f"blobs/sha256/{digest}"] = data
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}

    def document(kind: str, value: Json, media_type: str) -> Json:
        return add(to_bytes(tweak(kind, value)), media_type)

    layers = [
        add(packed(tar, packing), _LAYER + ("" if packing == "none" else f"+{packing.partition(' ')[0]}"))
        for tar, packing in zip(recipe.layers, recipe.packings, strict=True)
    ]
    config = document("config", _config(recipe), _CONFIG)
    value = {"schemaVersion": 2, "mediaType": _MANIFEST, "config": config, "layers": layers}
    manifest = document("manifest", value, _MANIFEST)
    manifest["platform"] = {"os": recipe.platform[0], "architecture": recipe.platform[1]}
    descriptors = [manifest | {"annotations": {"org.opencontainers.image.ref.name": tag}} for tag in recipe.tags]
    index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": descriptors or [manifest]}
    if recipe.form is Form.NESTED_INDEX:
        nested = document("nested index", index, _INDEX)
        index = {"schemaVersion": 2, "manifests": [nested]}
    files = {"index.json": to_bytes(tweak("index", index)), "oci-layout": b'{"imageLayoutVersion": "1.0.0"}'}
    if recipe.form is Form.DOCKER:
        entry = {
            "Config": _path(config),
            "RepoTags": recipe.tags or None,
            "Layers": [_path(layer) for layer in layers],
            "LayerSources": {layer["digest"]: layer for layer in layers},
        }
        files["manifest.json"] = to_bytes(tweak("manifest.json", [entry]))
    return blobs | files


def _legacy_docker(recipe: Recipe, tweak: Tweak) -> Members:
    files: Members = {}
    names = []
    for number, (tar, packing) in enumerate(zip(recipe.layers, recipe.packings, strict=True)):
        folder = hashlib.sha256(b"%d" % number).hexdigest()
        names.append(f"{folder}/layer.tar")
        files |= {f"{folder}/VERSION": b"1.0", f"{folder}/json": b"{}", names[-1]: packed(tar, packing)}
    config = to_bytes(tweak("config", _config(recipe)))
    name = f"{hashlib.sha256(config).hexdigest()}.json"
    entry = {"Config": name, "RepoTags": recipe.tags or None, "Layers": names}
    return files | {name: config, "manifest.json": to_bytes(tweak("manifest.json", [entry]))}


def _config(recipe: Recipe) -> Json:
    history: list[Json] = []
    for step in recipe.steps:
        line: Json = {"created": "2026-11-23T21:19:00Z", "created_by": step}
        if step.startswith(("ENV", "CMD", "LABEL", "/bin/sh -c #(nop)  CMD")):
            line["empty_layer"] = True
        history.append(line)
    os, architecture = recipe.platform
    return {
        "os": os,
        "architecture": architecture,
        "created": "2026-11-23T21:19:00Z",
        "config": {"Env": ["PATH=/bin"], "Cmd": ["sh"], "ExposedPorts": {"80/tcp": {}}, "Labels": {"a": "b"}},
        "rootfs": {
            "type": "layers",
            "diff_ids": [f"sha256:{hashlib.sha256(tar).hexdigest()}" for tar in recipe.layers],
        },
        "history": history,
    }


def to_bytes(value: object) -> bytes:
    """Return a document as JSON; bytes are returned unchanged, because a tweak may give what no JSON writer would."""
    return value if isinstance(value, bytes) else json.dumps(value).encode("utf-8", "surrogateescape")


def _path(descriptor: Json) -> str:
    return f"blobs/{descriptor['digest'].replace(':', '/')}"


def random_steps(dice: random.Random, layers: int) -> list[str]:
    """Return a history for so many layers, with some steps that made none."""
    steps = []
    for number in range(layers):
        while dice.random() < 0.3:
            steps.append(dice.choice(("ENV A=1", 'CMD ["sh"]', "LABEL a=b", '/bin/sh -c #(nop)  CMD ["sh"]')))
        steps.append(
            dice.choice(
                (
                    f"COPY part-{number} / # buildkit",
                    "RUN /bin/sh -c apt-get update && apt-get install -y a # buildkit",
                    "/bin/sh -c #(nop) ADD file:2f1a0123456789abcdef in / ",
                    "/bin/sh -c rm -rf /var/lib/apt/lists/*",
                    "|1 A=b /bin/sh -c chmod -R 755 /app",
                    "WORKDIR /app",
                    "RUN [bold]\x1b[31m\u202e",
                )
            )
        )
    return steps


def archive(files: Members) -> bytes:
    """Return a tar of the files."""
    entries = [
        encode(TarEntry(name.encode("utf-8", "surrogateescape"), b"0", data, dialect=Dialect.GNU))
        for name, data in files.items()
    ]
    return b"".join([*entries, END])


def write(recipe: Recipe, files: Members, path: Path) -> Path:
    """Write an image to a path that does not exist yet."""
    if recipe.form is not Form.OCI_FOLDER:
        path.write_bytes(packed(archive(files), recipe.outer))
        return path
    for name, data in files.items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return path
