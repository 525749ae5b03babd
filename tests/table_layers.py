"""Makes layers with a table of contents, as the builders of zstd:chunked and eStargz write them, and tables that lie.

::

    made = table_layer(Compression.ZSTD, file("etc/os", b"debian"), change=lambda table: table["entries"].pop())
    table_layout(tmp_path / "layout", made)
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from layerscope.model.image import Compression
from tests.builders import OCI_CONFIG, OCI_LAYER, Json, OciStore, compressed, file, image, sha256, write_folder
from tests.tars import END, TarEntry, encode, padded

CHECKSUM = "io.github.containers.zstd-chunked.manifest-checksum"
POSITION = "io.github.containers.zstd-chunked.manifest-position"
TOC_DIGEST = "containerd.io/snapshot/stargz/toc.digest"

_TYPES = {b"0": "reg", b"5": "dir", b"1": "hardlink", b"2": "symlink", b"3": "char", b"4": "block", b"6": "fifo"}
_XATTR = b"SCHILY.xattr."


@dataclass(frozen=True)
class TableLayer:
    """A layer: its blob, its tar, what the manifest says of it, and the place of its table in the blob."""

    compression: Compression
    blob: bytes
    tar: bytes
    annotations: dict[str, str] = field(default_factory=dict)
    table: tuple[int, int] = (0, 0)


def table_layer(
    compression: Compression,
    *entries: TarEntry,
    piece: int = 5,
    change: Callable[[Json], object] = lambda _: None,
    encoded: Callable[[bytes], bytes] = lambda data: data,
) -> TableLayer:
    """Return a layer whose files are stored in pieces of a few bytes.

    ``change`` may change the table, and ``encoded`` its JSON, before it gets its digest.
    """
    blob, tar, table, left = bytearray(), bytearray(), list[Json](), b""

    def write(data: bytes) -> None:
        tar.extend(data)
        blob.extend(compressed(data, compression) if data else b"")

    for entry in entries:
        content, whole = entry.content, encode(entry)
        write(left + whole[: len(whole) - len(padded(content))])
        described = _described(entry)
        table.append(described)
        for start in range(0, len(content), piece):
            part = content[start : start + piece]
            row = table[-1] if not start else {"type": "chunk", "name": table[-1]["name"], "chunkOffset": start}
            table += [row] if start else []
            row |= {"offset": len(blob), "chunkSize": len(part), "chunkDigest": sha256(part)}
            if compression is Compression.GZIP and start + piece >= len(content):
                # the last piece of a file shares a gzip member with what follows
                left = part
            else:
                left = b""
                write(part)
        left = (left if content else b"") + padded(content)[len(content) :]
        if content and compression is Compression.ZSTD:
            described["endOffset"] = len(blob)
    document = {"version": 1, "entries": table}
    change(document)
    data = encoded(json.dumps(document).encode())
    if compression is Compression.ZSTD:
        write(left + END)
        packed = compressed(data, compression)
        offset = len(blob) + 8
        blob += b"\x50\x2a\x4d\x18" + len(packed).to_bytes(4, "little") + packed
        position = f"{offset}:{len(packed)}:{len(data)}:1"
        annotations = {CHECKSUM: sha256(packed), POSITION: position}
        return TableLayer(compression, bytes(blob), bytes(tar), annotations, (offset, len(packed)))
    write(left)
    offset = len(blob)
    write(encode(file("stargz.index.json", data)) + END)
    stored = len(blob) - offset
    # the footer of the format: an empty member that says where the table is
    extra = b"SG" + (22).to_bytes(2, "little") + f"{offset:016x}STARGZ".encode()
    blob += b"\x1f\x8b\x08\x04" + bytes(5) + b"\xff" + len(extra).to_bytes(2, "little") + extra
    blob += b"\x01\0\0\xff\xff" + bytes(8)
    return TableLayer(compression, bytes(blob), bytes(tar), {TOC_DIGEST: sha256(data)}, (offset, stored))


def _described(entry: TarEntry) -> Json:
    row: Json = {"type": _TYPES[entry.flag], "name": entry.name.decode()}
    facts = {"mode": entry.mode, "uid": entry.uid, "gid": entry.gid, "linkName": entry.link.decode()}
    facts |= {"devMajor": entry.device[0], "devMinor": entry.device[1], "size": len(entry.content)}
    facts |= {"digest": sha256(entry.content)} if entry.content else {}
    facts["modtime"] = datetime.fromtimestamp(entry.mtime, UTC).isoformat() if entry.mtime else ""
    xattrs = {key.removeprefix(_XATTR).decode(): value for key, value in entry.records.items() if _XATTR in key}
    facts["xattrs"] = {key: base64.b64encode(value).decode() for key, value in xattrs.items()}
    return row | {key: value for key, value in facts.items() if value}


def table_layout(path: Path, *layers: TableLayer) -> Path:
    """Write a layout with an image, tagged v1."""
    store = OciStore()
    config = store.add(image(*(layer.tar for layer in layers)).config_json, OCI_CONFIG)
    blobs = [
        store.add(layer.blob, f"{OCI_LAYER}+{layer.compression}", annotations=layer.annotations) for layer in layers
    ]
    tag = {"org.opencontainers.image.ref.name": "v1"}
    return write_folder(path, store.files([store.manifest(config, blobs, annotations=tag)]))
