"""Write a large image in the format of `docker save` since Docker 25, with realistic names and sizes.

    python tests/benchmarks/make_image.py large.tar                                     # 100,000 entries
    python tests/benchmarks/make_image.py million.tar --entries 1000000
    python tests/benchmarks/make_image.py million-gzip.tar --entries 1000000 --compression gzip
    python tests/benchmarks/make_image.py heavy.tar --entries 190000 --layers 4 --size 3.5GB
    python tests/benchmarks/make_image.py real.tar --headers real                       # as tools write real trees

The first layer has most of the entries. Each later layer adds packages, rewrites files of earlier layers (with other
bytes of the same size, another mode, another size, or as an identical copy), and deletes files and folders. Nothing is
sparse: every byte of content is written, and compresses about as well as a root filesystem. The same arguments produce
the same bytes.

With ``--headers real``, there are long names and hard links, and the layers are written in turn as tarfile and bsdtar
write trees (a PAX header with the time in front of each entry) and as GNU tar does (headers for long names).
``--variant`` changes the last layer alone, so that two images share the others.
"""

import argparse
import hashlib
import json
import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, cycle
from pathlib import Path
from typing import BinaryIO

TIME = 1_750_000_000
"""The mtime of every entry."""

FIRST_SHARE = 0.6
"""The share of the first layer in all entries."""

REWRITTEN, DELETED, FOLDERS_DELETED = 0.12, 0.03, 0.001
"""Shares in the entries of a later layer: rewritten files, whiteouts of files, whiteouts of folders."""

LONG_NAMES, HARD_LINKS = 0.12, 0.02
"""Shares in the files of real trees."""

MEAN_FILES = 9
DEEPEST = 9
TOPS = ("usr/lib", "usr/share", "usr/lib/python3/dist-packages", "usr/include", "opt", "srv", "var/lib", "etc")
WORDS = (  # noqa: SIM905  # a list would take a page
    "async base cache client codec common config core crypto data debug driver engine event filter format graph "
    "handler http image index json kernel layer linux loader local locale math media metrics module network node "
    "object parser plugin proxy query render resource runtime schema server session shared socket source storage "
    "stream string system table template test thread time token tools transport tree types util vendor version view "
    "widget worker zone"
).split()
ENDINGS = (
    ".py",
    ".pyc",
    ".so",
    ".so.1.2.3",
    ".h",
    ".js",
    ".js.map",
    ".json",
    ".html",
    ".png",
    ".txt",
    ".md",
    ".mo",
    "",
)

UNITS = {"kB": 10**3, "MB": 10**6, "GB": 10**9}


@dataclass(frozen=True, slots=True)
class Entry:
    """A folder (a path that ends with a slash), a file, or a hard link to one.

    The bytes of a file begin at ``start`` in the filler; ``link`` is the path that a hard link names.
    """

    path: str
    size: int = 0
    mode: int = 0o755
    start: int = 0
    link: str = ""

    @property
    def flag(self) -> bytes:
        """The type flag."""
        if self.link:
            return b"1"
        return b"5" if self.path.endswith("/") else b"0"


class Content:
    """A generator of the entries of an image, layer by layer; ``is_real``: with long names and hard links."""

    def __init__(self, entries: int, size: int, *, is_real: bool = False) -> None:
        self._dice = random.Random(entries)  # noqa: S311  # the same image each time
        self._is_real = is_real
        self._mean = size / entries
        self._folders = [f"{top}/" for top in TOPS]
        self._files: list[Entry] = []

    def vary(self, variant: int) -> None:
        """Make the layers that follow others than those of another variant."""
        if variant:
            self._dice.seed(variant)

    def layer(self, entries: int) -> Iterator[Entry]:
        """Yield about so many entries as the next layer."""
        changes = list(self._changes(entries)) if self._files else []
        yield from changes
        left = entries - len(changes)
        while left > 0:
            for each in self._package():
                yield each
                left -= 1

    def _package(self) -> Iterator[Entry]:
        dice = self._dice
        above = dice.choice(self._folders[-50:])
        if above.count("/") > DEEPEST:
            above = dice.choice(self._folders[: len(TOPS)])
        folder = f"{above}{dice.choice(WORDS)}-{len(self._folders)}/"
        self._folders.append(folder)
        yield Entry(folder)
        for number in range(dice.randrange(2 * MEAN_FILES + 1)):
            name = f"{dice.choice(WORDS)}_{dice.choice(WORDS)}{number}{dice.choice(ENDINGS)}"
            if self._is_real and dice.random() < LONG_NAMES:
                name = f"{dice.randbytes(45).hex()}-{name}"
            file = Entry(folder + name, self._size(), 0o644, dice.randrange(len(FILLER)))
            self._files.append(file)
            yield file
            if self._is_real and dice.random() < HARD_LINKS:
                # other names of a file mostly keep its ending, as those of bytecode and of modules in a store do
                yield Entry(f"{folder}link-{name}", mode=0o644, link=file.path)

    def _size(self) -> int:
        """Return the size of a file: most are small, a few hold most of the bytes."""
        spread = 1.5
        return int(self._mean * self._dice.lognormvariate(-spread * spread / 2, spread))

    def _changes(self, entries: int) -> Iterator[Entry]:
        """Yield the changes of a layer to earlier ones; like a builder, repeat the folder of each file."""
        dice, rewritten, deleted = self._dice, int(entries * REWRITTEN), int(entries * DELETED)
        files = dice.sample(self._files, min(rewritten + deleted, len(self._files)))
        folder = ""
        for file in sorted(files[:rewritten], key=lambda file: file.path):
            if not file.path.startswith(folder) or not folder:
                folder = file.path[: file.path.rindex("/") + 1]
                yield Entry(folder)
            yield self._rewritten(file)
        for file in files[rewritten:]:
            yield _whiteout(file.path)
        for path in dice.sample(self._folders[len(TOPS) :], int(entries * FOLDERS_DELETED)):
            yield _whiteout(path.rstrip("/"))

    def _rewritten(self, file: Entry) -> Entry:
        other_bytes = replace(file, start=file.start + 1)
        other_size = replace(other_bytes, size=self._size())
        return self._dice.choice((file, replace(file, mode=0o664), other_bytes, other_size))


def _whiteout(path: str) -> Entry:
    folder, _, name = path.rpartition("/")
    return Entry(f"{folder}/.wh.{name}", mode=0o644)


def _filler() -> bytes:
    """Return bytes that compress to about 40 %: words with noise between them."""
    dice = random.Random(1)  # noqa: S311  # the same bytes each time
    pieces = ((dice.choice(WORDS) + " ").encode() * 2 + dice.randbytes(3) for _ in range(70_000))
    return b"".join(pieces)[: 1 << 20]


FILLER = _filler()


def header(path: str, kind: bytes, size: int, mode: int, link: str = "") -> bytes:
    """Return a ustar header (POSIX.1-1988); what is too long for a field is cut off."""
    name, prefix = path.encode(), b""
    if len(name) > 100 and b"/" in name[-101:-1]:  # the size of the field
        cut = name.index(b"/", len(name) - 101)
        prefix, name = name[:cut], name[cut + 1 :]
    stated = b"%011o\0" % size if size < 1 << 33 else b"\x80" + size.to_bytes(11, "big")
    head = name[:100].ljust(100, b"\0") + b"%07o\0%07o\0%07o\0%b%011o\0" % (mode, 0, 0, stated, TIME)
    tail = kind + link.encode()[:100].ljust(100, b"\0") + b"ustar\x0000" + bytes(80) + prefix[:155].ljust(167, b"\0")
    return head + b"%06o\0 " % (sum(head) + sum(tail) + 8 * 0x20) + tail


def plain_header(entry: Entry) -> bytes:
    """Return the header of an entry whose names are short."""
    return header(entry.path, entry.flag, entry.size, entry.mode, entry.link)


def pax_headers(entry: Entry) -> bytes:
    """Return a PAX header with the time, and a long name, before the header of an entry, as tarfile writes it."""
    records = record("mtime", f"{TIME}.{entry.start % 10**9:09}")
    records += record("path", entry.path) if len(entry.path) > 100 else b""
    records += record("linkpath", entry.link) if len(entry.link) > 100 else b""
    return header("././@PaxHeader", b"x", len(records), 0o644) + records + padding(len(records)) + plain_header(entry)


def record(key: str, value: str) -> bytes:
    """Return a PAX record, which begins with its own length."""
    rest = f" {key}={value}\n".encode()
    length = len(rest) + len(str(len(rest)))
    return str(length + (len(str(length)) > len(str(len(rest))))).encode() + rest


def gnu_headers(entry: Entry) -> bytes:
    """Return the header of an entry, with the long names before it as GNU tar writes them."""
    long = b""
    for flag, text in ((b"K", entry.link), (b"L", entry.path)):
        if len(text) > 100:
            body = text.encode() + b"\0"
            long += header("././@LongLink", flag, len(body), 0o644) + body + padding(len(body))
    return long + plain_header(entry)


HEADERS = {"plain": (plain_header,), "real": (pax_headers, gnu_headers)}
"""The writers of headers, which the layers use in turn."""


def padding(size: int) -> bytes:
    """Return the zeros that fill the last block."""
    return bytes(-size % 512)


def tar(entries: Iterator[Entry], headers: Callable[[Entry], bytes]) -> Iterator[bytes]:
    """Yield the bytes of a layer."""
    twice = FILLER * 2
    for entry in entries:
        yield headers(entry)
        start, left = entry.start % len(FILLER), entry.size
        while left:
            piece = twice[start : start + min(left, len(FILLER))]
            yield piece
            left -= len(piece)
        yield padding(entry.size)
    yield bytes(1024)


def batches(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Join small pieces."""
    batch = bytearray()
    for piece in pieces:
        batch += piece
        if len(batch) >= 1 << 20:
            yield bytes(batch)
            batch.clear()
    yield bytes(batch)


def gzipped(pieces: Iterator[bytes], note: Callable[[bytes], None]) -> Iterator[bytes]:
    """Compress the pieces, and pass each uncompressed piece to ``note``."""
    gzip = zlib.compressobj(wbits=31)
    for piece in pieces:
        note(piece)
        yield gzip.compress(piece)
    yield gzip.flush()


class Archive:
    """The outer archive."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def blob(self, pieces: Iterator[bytes]) -> dict[str, object]:
        """Add a blob, and return its digest and size."""
        start, digest, size = self._file.tell(), hashlib.sha256(), 0
        self._file.write(bytes(512))
        for piece in pieces:
            digest.update(piece)
            size += self._file.write(piece)
        self._file.write(padding(size))
        self._file.seek(start)
        self._file.write(header(f"blobs/sha256/{digest.hexdigest()}", b"0", size, 0o644))
        self._file.seek(0, 2)
        return {"digest": f"sha256:{digest.hexdigest()}", "size": size}

    def file(self, name: str, document: object) -> None:
        """Add a JSON document."""
        data = json.dumps(document).encode()
        self._file.write(header(name, b"0", len(data), 0o644) + data + padding(len(data)))

    def end(self) -> None:
        """Write the blocks at the end of a tar."""
        self._file.write(bytes(1024))


def write_image(file: BinaryIO, layers: Iterator[Iterator[Entry]], headers: str, *, gzip: bool) -> None:
    """Write the archive."""
    writers = cycle(HEADERS[headers])
    archive = Archive(file)
    media_type = f"application/vnd.oci.image.layer.v1.tar{'+gzip' if gzip else ''}"
    descriptors, diff_ids, history = [], [], []
    for number, entries in enumerate(layers, 1):
        plain = hashlib.sha256()
        pieces = batches(tar(entries, next(writers)))
        blob = archive.blob(gzipped(pieces, plain.update) if gzip else pieces)
        descriptors.append({"mediaType": media_type, **blob})
        diff_ids.append(f"sha256:{plain.hexdigest()}" if gzip else blob["digest"])
        history.append({"created": "2025-06-15T15:06:40Z", "created_by": f"COPY packages-{number} / # buildkit"})
    config = {
        "architecture": "amd64",
        "os": "linux",
        "created": "2025-06-15T15:06:40Z",
        "config": {"Cmd": ["/bin/sh"]},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": [*history, {"created_by": 'CMD ["/bin/sh"]', "empty_layer": True}],
    }
    config_blob = _json_blob(archive, config, "application/vnd.oci.image.config.v1+json")
    manifest_type = "application/vnd.oci.image.manifest.v1+json"
    manifest = {"schemaVersion": 2, "mediaType": manifest_type, "config": config_blob, "layers": descriptors}
    manifest_blob = _json_blob(archive, manifest, manifest_type)
    paths = [_path(descriptor) for descriptor in descriptors]
    archive.file("index.json", {"schemaVersion": 2, "manifests": [manifest_blob]})
    archive.file("manifest.json", [{"Config": _path(config_blob), "RepoTags": ["large:1"], "Layers": paths}])
    archive.file("oci-layout", {"imageLayoutVersion": "1.0.0"})
    archive.end()


def _json_blob(archive: Archive, document: object, media_type: str) -> dict[str, object]:
    return {"mediaType": media_type, **archive.blob(iter([json.dumps(document).encode()]))}


def _path(descriptor: dict[str, object]) -> str:
    return f"blobs/{str(descriptor['digest']).replace(':', '/')}"


def layer_entries(content: Content, entries: int, layers: int, variant: int) -> Iterator[Iterator[Entry]]:
    """Yield the entries of each layer; take them one after the other."""
    first = entries if layers == 1 else int(entries * FIRST_SHARE)
    counts = chain([first], ((entries - first) // (layers - 1) for _ in range(layers - 1)))
    for number, count in enumerate(counts, 1):
        if number == layers:
            content.vary(variant)
        yield content.layer(count)


def _size(text: str) -> int:
    number, unit = (text[:-2], UNITS[text[-2:]]) if text[-2:] in UNITS else (text, 1)
    return int(float(number) * unit)


def main() -> None:
    """Write the image."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--entries", type=int, default=100_000, help="of all layers (default: 100000)")
    parser.add_argument("--layers", type=int, default=4, help="default: 4")
    parser.add_argument("--size", type=_size, help="of all content, as 3.5GB (default: 1 kB an entry)")
    parser.add_argument("--compression", choices=("plain", "gzip"), default="plain", help="of the layers")
    parser.add_argument("--headers", choices=HEADERS, default="plain", help="default: plain")
    parser.add_argument("--variant", type=int, default=0, help="of the last layer")
    options = parser.parse_args()
    size = 1000 * options.entries if options.size is None else options.size
    with options.archive.open("wb") as file:
        content = Content(options.entries, size, is_real=options.headers == "real")
        layers = layer_entries(content, options.entries, options.layers, options.variant)
        write_image(file, layers, options.headers, gzip=options.compression == "gzip")


if __name__ == "__main__":
    main()
