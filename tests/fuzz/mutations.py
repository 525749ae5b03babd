"""Damage to images: bytes, tar headers, JSON documents and the files of an archive, each noted in words."""

import json
import os
import random
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.fuzz.images import Members, to_bytes
from tests.tars import (
    BLOCK,
    END,
    FIELDS,
    Sparse,
    SparseStyle,
    TarEntry,
    encode,
    pax,
    raw_pax,
    record,
    with_checksum,
)

Notes = list[str]

_ODD_NUMBERS = (
    b"77777777777\0",
    b"-1\0",
    b"\xff" * 12,
    b"\x80" + b"\xff" * 11,
    b"\x80" + bytes(3) + b"\x7f" + b"\xff" * 7,
    b"\xff" + bytes(11),
    b" 12 \0",
    b"8\0",
    b"0x10\0",
    b"",
    b"999999999999",
    b"1_0\0",
)
_ODD_FLAGS = (b"\0", b"7", b"8", b"D", b"K", b"L", b"M", b"N", b"S", b"V", b"X", b"g", b"x", b"A", b"\xff")
_ODD_NAMES = (
    b"..",
    b"../../canary/escaped",
    b"a/../../canary/escaped",
    b"/",
    b".",
    b"",
    b"a" * 5000,
    b"d/" * 700 + b"end",
    b"nul\0inside",
    b".wh.",
    b".wh..",
    b".wh...",
    b".wh..wh..opq",
    b".wh.a/b",
    b"a/.wh..wh..opq/b",
    b"\xff" * 90,
    b"C:\\x",
    b"a\r\n::error::b",
)
_ODD_RECORDS = (
    b"5 a=\n",
    b"6 a=b\n" * 300,
    b"0 a=b\n",
    b"999999999999 a=b\n",
    b"-6 a=b\n",
    b"x a=b\n",
    b"6 a=b",
    b"6 a b\n",
    b"\xff\xff",
    b"1",
    b"",
    b"6\0a=b\n",
    b"00000000000000000006 a=b\n",
)
_RECORD_KEYS = (
    b"path",
    b"linkpath",
    b"size",
    b"uid",
    b"gid",
    b"mtime",
    b"hdrcharset",
    b"GNU.sparse.major",
    b"GNU.sparse.minor",
    b"GNU.sparse.realsize",
    b"GNU.sparse.size",
    b"GNU.sparse.map",
    b"GNU.sparse.name",
    b"GNU.sparse.numblocks",
    b"GNU.sparse.offset",
    b"SCHILY.xattr.user.a",
    b"SCHILY.devmajor",
    b"LIBARCHIVE.xattr.%ff",
    b"\xff",
)
_RECORD_VALUES = (
    b"",
    b"0",
    b"-1",
    b"1",
    b"0.5",
    b"1e9",
    b"inf",
    b"nan",
    b"9" * 5000,
    b"18446744073709551616",
    b"9223372036854775807",
    b"\xff\xfe",
    b"a\0b",
    b"../../canary/escaped",
    b"0,1,5,1",
    b"1," * 999 + b"1",
    b"=" * 40,
    b"BINARY",
)


def spoiled_tar(dice: random.Random, entries: list[TarEntry], notes: Notes) -> bytes:
    """Return a tar of the entries with one to three of them changed, left out, repeated or preceded by odd headers."""
    parts = [encode(entry) for entry in entries] or [b""]
    for _ in range(dice.choice((1, 1, 2, 3))):
        at = dice.randrange(len(parts))
        entry = entries[at] if entries else TarEntry(b"a", b"0", b"x")
        parts[at] = dice.choice(_ENTRY_MUTATIONS)(dice, entry, parts[at], notes)
    return b"".join([*parts, dice.choice((END, END, END, b"", bytes(BLOCK)))])


def _odd_field(dice: random.Random, entry: TarEntry, _part: bytes, notes: Notes) -> bytes:
    key = dice.choice(("mode", "uid", "gid", "size", "mtime", "device_major", "device_minor", "magic", "prefix"))
    raw = dice.choice(_ODD_NUMBERS)
    notes.append(f"{entry.name!r}: {key} is {raw!r}")
    return encode(replace(entry, raw={**entry.raw, key: raw}))


def _odd_flag(dice: random.Random, entry: TarEntry, _part: bytes, notes: Notes) -> bytes:
    flag = dice.choice((*_ODD_FLAGS, bytes([dice.randrange(256)])))
    notes.append(f"{entry.name!r}: flag is {flag!r}")
    return encode(replace(entry, raw={**entry.raw, "flag": flag}))


def _odd_name(dice: random.Random, entry: TarEntry, _part: bytes, notes: Notes) -> bytes:
    name = dice.choice(_ODD_NAMES)
    notes.append(f"{entry.name!r}: renamed to {name[:60]!r}")
    return encode(replace(entry, name=name))


def _odd_link(dice: random.Random, entry: TarEntry, _part: bytes, notes: Notes) -> bytes:
    target, flag = dice.choice((*_ODD_NAMES, entry.name)), dice.choice((b"1", b"2"))
    notes.append(f"{entry.name!r}: link, flag {flag!r}, to {target[:60]!r}")
    return encode(replace(entry, flag=flag, content=b"", link=target, sparse=None))


def _escape(dice: random.Random, entry: TarEntry, part: bytes, notes: Notes) -> bytes:
    name, target = dice.choice((b"a", b"out", b"etc")), dice.choice((b"../canary", b"../../canary", b"/", b".."))
    notes.append(f"before {entry.name!r}: symlink {name!r} to {target!r} and a file below it")
    link = encode(TarEntry(name, b"2", link=target))
    hard = encode(TarEntry(name + b"/hard", b"1", link=b"../canary/kept"))
    return part + link + encode(TarEntry(name + b"/escaped", b"0", b"escaped")) + hard


def _broken_checksum(dice: random.Random, entry: TarEntry, part: bytes, notes: Notes) -> bytes:
    if not part:
        return part
    at, bit = dice.randrange(len(part)), 1 << dice.randrange(8)
    notes.append(f"{entry.name!r}: byte {at} flipped")
    return part[:at] + bytes([part[at] ^ bit]) + part[at + 1 :]


def _flipped_field(dice: random.Random, entry: TarEntry, part: bytes, notes: Notes) -> bytes:
    if len(part) < BLOCK:
        return part
    span = FIELDS[dice.choice(sorted(FIELDS))]
    at = dice.randrange(span.start, span.stop)
    notes.append(f"{entry.name!r}: byte {at} of its first header random, with the right checksum")
    header = part[:at] + dice.randbytes(1) + part[at + 1 : BLOCK]
    return with_checksum(header) + part[BLOCK:]


def _record_header(dice: random.Random, entry: TarEntry, part: bytes, notes: Notes) -> bytes:
    flag = dice.choice((b"x", b"x", b"g", b"X"))
    if dice.random() < 0.4:
        body = dice.choice(_ODD_RECORDS)
        notes.append(f"before {entry.name!r}: extended header {flag!r} of {body[:40]!r}")
        return raw_pax(body, flag) + part
    records = [(dice.choice(_RECORD_KEYS), dice.choice(_RECORD_VALUES)) for _ in range(dice.choice((1, 1, 2, 4)))]
    notes.append(f"before {entry.name!r}: extended header {flag!r} of {[(k, v[:40]) for k, v in records]!r}")
    return pax(*records, flag=flag) + part


def _long_name_header(dice: random.Random, entry: TarEntry, part: bytes, notes: Notes) -> bytes:
    flag, body = dice.choice((b"L", b"K")), dice.choice((*_ODD_NAMES, b"n" * 70_000))
    notes.append(f"before {entry.name!r}: GNU long name {flag!r} of {body[:40]!r}")
    return encode(TarEntry(b"././@LongLink", flag, body)) + part


def _odd_sparse(dice: random.Random, entry: TarEntry, _part: bytes, notes: Notes) -> bytes:
    style = dice.choice(list(SparseStyle))
    pieces = tuple(
        (dice.choice((0, 1, 512, 2**33, 2**63 - 1, 2**64)), dice.choice((0, 0, 1, 512, 2**40)))
        for _ in range(dice.choice((0, 1, 2, 5, 30)))
    )
    if dice.random() < 0.5:
        pieces = tuple(sorted(pieces))
    size = dice.choice((0, 1, 10_000, 2**40, 2**63 - 1, 2**63, 2**70))
    notes.append(f"{entry.name!r}: {style} sparse file of {size:,} bytes, pieces {pieces[:5]!r}")
    content = entry.content if dice.random() < 0.5 else bytes(5000)
    return encode(replace(entry, flag=b"0", content=content, link=b"", sparse=Sparse(style, size, pieces)))


def _left_out(dice: random.Random, entry: TarEntry, part: bytes, notes: Notes) -> bytes:
    cut = dice.randrange(len(part) + 1)
    notes.append(f"{entry.name!r}: only the first {cut} of its {len(part)} bytes")
    return part[:cut]


def _repeated(dice: random.Random, entry: TarEntry, part: bytes, notes: Notes) -> bytes:
    count = dice.choice((2, 3, 50))
    notes.append(f"{entry.name!r}: {count} times")
    return part * count


def _zero_block(dice: random.Random, entry: TarEntry, part: bytes, notes: Notes) -> bytes:
    junk = dice.choice((bytes(BLOCK), bytes(2 * BLOCK), b"junk" * 128, dice.randbytes(BLOCK)))
    notes.append(f"before {entry.name!r}: {len(junk)} bytes of {junk[:4]!r}")
    return junk + part


_EntryMutation = Callable[[random.Random, TarEntry, bytes, Notes], bytes]
_ENTRY_MUTATIONS: tuple[_EntryMutation, ...] = (
    _odd_field,
    _odd_field,
    _odd_flag,
    _odd_name,
    _odd_link,
    _escape,
    _broken_checksum,
    _flipped_field,
    _flipped_field,
    _record_header,
    _record_header,
    _record_header,
    _long_name_header,
    _odd_sparse,
    _odd_sparse,
    _left_out,
    _repeated,
    _zero_block,
)


def spoiled_bytes(dice: random.Random, data: bytes, notes: Notes) -> bytes:
    """Return some bytes cut off, flipped, with others inserted, or with junk behind."""
    at = dice.randrange(len(data) + 1)
    match dice.randrange(5):
        case 0:
            notes.append(f"cut off after {at} of {len(data)} bytes")
            return data[:at]
        case 1:
            notes.append(f"a bit flipped at {at}")
            return data[:at] + bytes(byte ^ 1 << dice.randrange(8) for byte in data[at : at + 1]) + data[at + 1 :]
        case 2:
            junk = dice.choice((bytes(10), b"junk", dice.randbytes(700), data[:700]))
            notes.append(f"{len(junk)} bytes of {junk[:4]!r} behind the end")
            return data + junk
        case 3:
            count = dice.choice((1, 3, 512))
            notes.append(f"{count} bytes taken out at {at}")
            return data[:at] + data[at + count :]
        case _:
            piece = data[at : at + dice.choice((1, 512, 5000))]
            notes.append(f"{len(piece)} bytes repeated at {at}")
            return data[:at] + piece + data[at:]


_JUNK: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1,
    2**31,
    2**63,
    2**64,
    10**400,
    -(10**30),
    0.5,
    1e308,
    "",
    "x",
    "x" * 3000,
    "\0",
    "\udcff",
    "\x1b[31m\u202e",
    "../../canary/kept",
    "/etc/passwd",
    "sha256:",
    "sha256:" + "0" * 64,
    "sha256:../../canary/kept",
    "sha512:" + "0" * 128,
    "md5:0",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.layer.v1.tar+encrypted",
    "9999-99-99T99:99:99Z",
    "0001-01-01T00:00:00Z",
    [],
    [None],
    {},
    {"": None},
    [[]] * 50,
)


def spoiled_json(dice: random.Random, value: Any, notes: Notes) -> Any:
    """Return a document with one to three of its values replaced, left out, repeated or moved, or as odd text."""
    if dice.random() < 0.12:
        return _odd_text(dice, value, notes)
    spoiled = deepcopy(value)
    for _ in range(dice.choice((1, 1, 2, 3))):
        sites = list(_sites(spoiled, ""))
        if not sites:
            break
        holder, key, path = dice.choice(sites)
        _spoil_site(dice, holder, key, path, notes)
    return spoiled


def _sites(value: Any, path: str) -> "list[tuple[Any, Any, str]]":
    """Return every place below a value as its holder, its key, and its path in words."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    sites = []
    for key, child in pairs:
        below = f"{path}.{key}"[:200]
        sites.append((value, key, below))
        sites += _sites(child, below)
    return sites


def _spoil_site(dice: random.Random, holder: Any, key: Any, path: str, notes: Notes) -> None:
    match dice.randrange(7):
        case 0:
            del holder[key]
            notes.append(f"{path} left out")
        case 1 if isinstance(holder[key], list) and holder[key]:
            count = dice.choice((0, 2, 30))
            holder[key] = holder[key] * count
            notes.append(f"{path} {count} times as long")
        case 2 if isinstance(holder, dict) and isinstance(key, str):
            other = dice.choice((key.lower(), key.upper(), key + "x", ""))
            holder[other] = holder.pop(key)
            notes.append(f"{path} renamed to {other!r}")
        case 3 if isinstance(holder, list):
            dice.shuffle(holder)
            notes.append(f"{path}: its list shuffled")
        case 4:
            holder[key] = deepcopy(holder)
            notes.append(f"{path} is a copy of what holds it")
        case 5 if isinstance(holder[key], str):
            text = holder[key]
            holder[key] = dice.choice((text[:-1], text + "0", text.upper(), text * 2, f" {text}", text[::-1]))
            notes.append(f"{path} is {holder[key][:60]!r}")
        case _:
            holder[key] = deepcopy(dice.choice(_JUNK))
            notes.append(f"{path} is {holder[key]!r:.60}")


def _odd_text(dice: random.Random, value: Any, notes: Notes) -> bytes:
    text = to_bytes(value)
    notes.append("odd JSON text")
    return dice.choice(
        (
            b"",
            b"null",
            b"[]",
            b"{}",
            b"\xef\xbb\xbf" + text,
            text.decode().encode("utf-16"),
            text[:-1],
            text + text,
            b"[" * 5000,
            b"[" * 900 + b"]" * 900,
            b'{"a":' * 5000 + b"1" + b"}" * 5000,
            b"1" * 5000,
            b"NaN",
            text.replace(b"1", b"1e999"),
            text.replace(b'"', b"'"),
            text.replace(b"{", b'{"mediaType": "x", ', 1),
            b" " * 100_000 + text,
            text.replace(b"e", b"\xff", 1),
        )
    )


def spoiled_members(dice: random.Random, files: Members, notes: Notes) -> Members:
    """Return the files of an image with one of them left out, renamed, emptied, exchanged or damaged."""
    spoiled = dict(files)
    name = dice.choice(sorted(spoiled))
    match dice.randrange(7):
        case 0:
            del spoiled[name]
            notes.append(f"{name} left out")
        case 1:
            other = dice.choice((f"./{name}", f"sub/{name}", name.upper(), f"../{name}", name + "x"))
            spoiled[other] = spoiled.pop(name)
            notes.append(f"{name} renamed to {other}")
        case 2:
            spoiled[name] = dice.choice((b"", b"\0", b"{}", b"junk" * 200))
            notes.append(f"{name} is {spoiled[name][:10]!r}")
        case 3:
            other = dice.choice(sorted(spoiled))
            spoiled[name], spoiled[other] = spoiled[other], spoiled[name]
            notes.append(f"{name} and {other} exchanged")
        case 4:
            spoiled[dice.choice(("manifest.json", "index.json", "repositories", "oci-layout"))] = dice.choice(
                (b"[]", b"{}", b"null", json.dumps([{"Config": "x", "Layers": []}]).encode(), b'{"manifests": []}')
            )
            notes.append("an odd document beside the others")
        case _:
            spoiled[name] = spoiled_bytes(dice, spoiled[name], notes)
            notes[-1] = f"{name}: {notes[-1]}"
    return spoiled


def spoil_folder(dice: random.Random, folder: Path, notes: Notes) -> None:
    """Replace a file of a layout folder with something that is not a plain file."""
    path = dice.choice(sorted(path for path in folder.rglob("*") if path.is_file()))
    data = path.read_bytes()
    path.unlink()
    match dice.randrange(5):
        case 0:
            os.mkfifo(path)
            notes.append(f"{path.relative_to(folder)} is a named pipe")
        case 1:
            path.mkdir()
            notes.append(f"{path.relative_to(folder)} is a folder")
        case 2:
            target = dice.choice((path.name, "/dev/zero", "/dev/null", "../../../canary/kept", "nowhere"))
            path.symlink_to(target)
            notes.append(f"{path.relative_to(folder)} is a symlink to {target}")
        case 3:
            path.with_name("moved").write_bytes(data)
            path.symlink_to("moved")
            notes.append(f"{path.relative_to(folder)} is a symlink to its content")
        case _:
            with path.open("wb") as file:
                file.truncate(dice.choice((len(data), 2**33)))
            notes.append(f"{path.relative_to(folder)} is one hole of {path.stat().st_size:,} bytes")


def odd_archive(dice: random.Random, files: Members, notes: Notes) -> bytes:
    """Return an archive with odd members: links, repeated names, folders, sparse files, extended headers."""
    entries = [TarEntry(name.encode("utf-8", "surrogateescape"), b"0", data) for name, data in files.items()]
    at = dice.randrange(len(entries))
    entry = entries[at]
    match dice.randrange(6):
        case 0:
            target = dice.choice((entry.name, b"../" + entry.name, b"/etc/passwd", b"../canary/kept", entries[0].name))
            flag = dice.choice((b"1", b"2"))
            entries[at] = TarEntry(entry.name, flag, link=target)
            notes.append(f"member {entry.name!r} is a link, flag {flag!r}, to {target!r}")
        case 1:
            entries.insert(dice.randrange(len(entries) + 1), TarEntry(entry.name, dice.choice((b"0", b"5", b"6"))))
            notes.append(f"member {entry.name!r} twice")
        case 2:
            size, half = len(entry.content), len(entry.content) // 2
            sparse = Sparse(dice.choice(list(SparseStyle)), size, ((0, half), (half, size - half)))
            entries[at] = replace(entry, sparse=sparse)
            notes.append(f"member {entry.name!r} stored as a sparse file")
        case 3:
            dice.shuffle(entries)
            notes.append("members in another order")
        case _:
            notes.append("in the archive:")
            return spoiled_tar(dice, entries, notes)
    return b"".join([*(encode(each) for each in entries), END])


def heavy_record(count: int) -> bytes:
    """Return the body of an extended header with so many records."""
    return b"".join(record(b"SCHILY.xattr.user.%d" % number, b"x" * 8) for number in range(count))
