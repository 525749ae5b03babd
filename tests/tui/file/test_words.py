"""Words for the type of a file, its mode, its capabilities and its head."""

import struct

import pytest

from layerscope.analysis.file_types.description import describe, interpreter_of
from layerscope.analysis.file_types.elf import elf_words
from layerscope.model.entries import FileEntry, Kind
from layerscope.tui.file.head import capabilities_text, mode_words

NET_RAW = 1 << 13
NET_BIND = 1 << 10


def elf(kind: int, *segments: int, bits: int = 64, order: str = "<", machine: int = 62) -> bytes:
    head = b"\x7fELF" + bytes((bits // 32, 1 if order == "<" else 2, 1)) + bytes(9)
    if bits == 64:
        fields = struct.pack(f"{order}HHIQQQIHHHHHH", kind, machine, 1, 0, 64, 0, 0, 64, 56, len(segments), 0, 0, 0)
        tables = b"".join(struct.pack(f"{order}IIQQQQQQ", each, *bytes(7)) for each in segments)
    else:
        fields = struct.pack(f"{order}HHIIIIIHHHHHH", kind, machine, 1, 0, 52, 0, 0, 52, 32, len(segments), 0, 0, 0)
        tables = b"".join(struct.pack(f"{order}8I", each, *bytes(7)) for each in segments)
    return head + fields + tables


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (elf(3, 3, 2, 1), "ELF 64-bit executable, x86-64, dynamically linked"),
        (elf(2, 1), "ELF 64-bit executable, x86-64, statically linked"),
        (elf(2, 3, 2), "ELF 64-bit executable, x86-64, dynamically linked"),
        (elf(3, 2, 1, machine=183), "ELF 64-bit shared object, AArch64"),
        (elf(1, bits=32, machine=40), "ELF 32-bit object file, ARM"),
        (elf(2, 1, bits=32, order=">", machine=8), "ELF 32-bit executable, MIPS, statically linked"),
        (elf(2, machine=4711)[:40], "ELF file, cut short"),
        (b"\x7fELF" + b"\xff" * 20, "ELF file, broken"),
        (b"MZ" + bytes(40), None),
    ],
)
def test_an_elf_file_is_described_by_its_header(head: bytes, words: str | None) -> None:
    assert elf_words(head) == words


@pytest.mark.parametrize(
    ("head", "path", "words"),
    [
        (b"\x1f\x8b\x08", b"a", "gzip archive"),
        (b"PK\3\4abc", b"lib/x.jar", "Java archive"),
        (b"PK\3\4abc", b"x", "ZIP archive"),
        (b"\0" * 257 + b"ustar\0", b"x.tar", "tar archive"),
        (b"#!/usr/bin/env -S python3 -u\n", b"run", "python3 script"),
        (b"# a comment\n", b"etc/hosts", "text"),
        (b"body {}\n", b"style.css", "text, web pages and JavaScript"),
        (b"\0\1\2\3", b"model.onnx", "data, machine-learning models"),
        (b"\0\1\2\3", b"x", "data"),
        (b"", b"x", "empty file"),
    ],
)
def test_a_file_is_described_without_libmagic(head: bytes, path: bytes, words: str) -> None:
    assert describe(head, path, len(head)) == words


def test_the_interpreter_of_a_script_is_recognized() -> None:
    assert interpreter_of(b"#! /bin/bash -e\n") == "bash"
    assert interpreter_of(b"#!/opt/tools/perl5.36\n") == "perl5.36"
    assert interpreter_of(b"no script") is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (struct.pack("<5I", 0x02000001, NET_RAW, 0, 0, 0), "cap_net_raw+ep"),
        (struct.pack("<5I", 0x02000000, NET_RAW | NET_BIND, 0, 0, 0), "cap_net_bind_service,cap_net_raw+p"),
        (struct.pack("<5I", 0x02000001, NET_RAW, NET_RAW | NET_BIND, 0, 0), "cap_net_bind_service+ei cap_net_raw+eip"),
        (struct.pack("<5I", 0x02000001, 0, 0, 1 << 7, 0), "cap_bpf+ep"),
        (struct.pack("<5I", 0x02000001, 0, 0, 1 << 31, 0), "63+ep"),
        (struct.pack("<6I", 0x03000001, NET_RAW, 0, 0, 0, 1000), "cap_net_raw+ep [rootid=1000]"),
        (struct.pack("<3I", 0x01000001, NET_RAW, 0), "cap_net_raw+ep"),
        (struct.pack("<5I", 0x02000000, 0, 0, 0, 0), "none"),
        (struct.pack("<5I", 0x02000001, NET_RAW, 0, 0, 0)[:-1], None),
        (struct.pack("<5I", 0x04000001, NET_RAW, 0, 0, 0), None),
        (b"x", None),
    ],
)
def test_capabilities_have_the_format_of_getcap(value: bytes, words: str | None) -> None:
    assert capabilities_text(value) == words


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (0o4755, ("setuid: runs as root",)),
        (0o4644, ("setuid, but not executable",)),
        (0o2755, ("setgid: runs as group 33",)),
        (0o2644, ("setgid, but not executable by its group",)),
        (0o666, ("anyone may write",)),
        (0o755, ()),
    ],
)
def test_unusual_mode_bits_are_explained(mode: int, words: tuple[str, ...]) -> None:
    assert mode_words(FileEntry(b"x", Kind.FILE, mode=mode, gid=33)) == words


def test_mode_bits_of_a_directory_are_explained_differently() -> None:
    folder = FileEntry(b"tmp", Kind.DIR, mode=0o3777)
    assert mode_words(folder) == (
        "setgid: new files in it belong to group root",
        "sticky: only owners may delete files in it",
    )
    assert mode_words(FileEntry(b"link", Kind.SYMLINK, mode=0o777)) == ()
    assert mode_words(FileEntry(b"x", Kind.FILE, mode=0o4755, uid=8)) == ("setuid: runs as user 8",)
