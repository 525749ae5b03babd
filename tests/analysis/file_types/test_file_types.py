import pytest

from layerscope.analysis.content import ImageFiles
from layerscope.analysis.file_types.by_path import type_of_path
from layerscope.analysis.file_types.by_prefix import type_of_mime, type_of_prefix
from layerscope.analysis.file_types.file_type import FileType
from layerscope.analysis.file_types.sizes import (
    PREFIX_SIZE,
    FileTypes,
    LookBudget,
    TypeSize,
    file_types,
    types_by_path,
    types_need,
)
from tests.analysis.size.analyzed import SizedImage, sized, written

ELF = b"\x7fELF\2\1\1" + bytes(20)
NOISE = b"\x01\x02\xff\xfe\x00\x99"


def types_of(image: SizedImage, mime: str | None = None, budget: LookBudget | None = None) -> FileTypes:
    by_path = types_by_path(image.tree, image.live)
    return file_types(image.live, by_path, image.prefixes, lambda _: mime, budget)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (b"usr/lib/libc.so.6", FileType.EXECUTABLES),
        (b"usr/lib/libssl.so", FileType.EXECUTABLES),
        (b"usr/lib/python3/os.py", FileType.PYTHON),
        (b"usr/lib/python3/__pycache__/os.cpython-313.pyc", FileType.BYTECODE),
        (b"usr/share/doc/nginx/changelog.gz", FileType.DOCUMENTATION),
        (b"usr/share/man/man1/ls.1.gz", FileType.DOCUMENTATION),
        (b"usr/share/locale/de/LC_MESSAGES/ls.mo", FileType.LOCALES),
        (b"usr/share/zoneinfo/Europe/Berlin", FileType.LOCALES),
        (b"usr/lib/locale/locale-archive", FileType.LOCALES),
        (b"var/cache/apt/archives/libc6.deb", FileType.ARCHIVES),
        (b"var/cache/apt/pkgcache.bin", FileType.DATABASES),
        (b"var/lib/apt/lists/debian_Packages", FileType.DATABASES),
        (b"var/lib/dpkg/info/libc6.list", FileType.DATABASES),
        (b"etc/ssl/certs/ca.crt", FileType.CERTIFICATES),
        (b"srv/LOGO.PNG", FileType.IMAGES),
        (b"usr/include/stdio.h", FileType.HEADERS),
        (b"app/server.jar", FileType.JAVA),
        (b"app/model.safetensors", FileType.MODELS),
        (b"usr/share/fonts/a.ttf", FileType.FONTS),
        (b"etc/nginx/nginx.conf", FileType.TEXT),
        (b"usr/bin/ls", None),
        (b"so", None),
        (b"etc/hostname.", None),
    ],
)
def test_unambiguous_names_decide_the_type(path: bytes, expected: FileType | None) -> None:
    assert type_of_path(path) is expected


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (ELF, FileType.EXECUTABLES),
        (b"#!/bin/sh\n", FileType.SCRIPTS),
        (b"#!/usr/bin/env python3\n", FileType.PYTHON),
        (b"!<arch>\ndebian-binary", FileType.ARCHIVES),
        (b"!<arch>\n/       ", FileType.HEADERS),
        (bytes(257) + b"ustar\0", FileType.ARCHIVES),
        (b"SQLite format 3\0", FileType.DATABASES),
        (b"TZif2", FileType.LOCALES),
        ("Grüße\n".encode(), FileType.TEXT),
        (b"caf\xe9 is no UTF-8", None),
        (NOISE, None),
        (b"", None),
    ],
)
def test_first_bytes_decide_the_type(head: bytes, expected: FileType | None) -> None:
    assert type_of_prefix(head) is expected


def test_a_text_may_be_cut_within_a_character_at_its_end_only() -> None:
    assert type_of_prefix("…ü…".encode()[:-1]) is FileType.TEXT
    assert type_of_prefix("ü".encode()[:-1] + b" then more text") is None


@pytest.mark.parametrize(
    ("mime", "expected"),
    [
        ("image/x-icon", FileType.IMAGES),
        ("text/x-perl", FileType.SCRIPTS),
        ("text/plain", FileType.TEXT),
        ("application/x-gdbm", FileType.DATABASES),
        ("application/octet-stream", None),
        (None, None),
    ],
)
def test_mime_types_of_libmagic_belong_to_groups(mime: str | None, expected: FileType | None) -> None:
    assert type_of_mime(mime) is expected


def test_types_come_by_size_also_the_unknown() -> None:
    image = sized(
        [written("a.py", size=5), written("b.py", size=7), written("run", ELF), written("blob", NOISE, size=900)]
    )
    assert types_of(image).sizes == (
        TypeSize(FileType.UNKNOWN, 900, 1),
        TypeSize(FileType.EXECUTABLES, len(ELF), 1),
        TypeSize(FileType.PYTHON, 12, 2),
    )


def test_names_that_are_sure_cost_no_look() -> None:
    image = sized([written("a.py", ELF)])
    assert types_of(image).types == (FileType.PYTHON,)
    assert image.asked == [((), PREFIX_SIZE)]


def test_big_files_are_looked_at_first_and_no_more_than_the_budget_allows() -> None:
    image = sized([written("small", ELF, size=1), written("large", ELF, size=9)])
    found = types_of(image, budget=LookBudget(files=1))
    assert found.types == (FileType.EXECUTABLES, FileType.UNKNOWN)
    assert found.left_out == 1


def test_libmagic_is_asked_no_more_often_than_the_budget_allows() -> None:
    image = sized([written("a", NOISE, size=9), written("b", NOISE, size=8)])
    found = types_of(image, "image/x-icon", LookBudget(mimes=1))
    assert found.types == (FileType.IMAGES, FileType.UNKNOWN)


def test_an_unreadable_file_has_an_unknown_type_and_an_empty_one_does_not_count() -> None:
    image = sized([written("a", ELF), written("empty", "")])
    image.contents = {}
    assert types_of(image).sizes == (TypeSize(FileType.UNKNOWN, len(ELF), 1),)


def test_libmagic_is_not_used_for_tiny_files() -> None:
    image = sized([written("a.py", size=9_999), written("b", NOISE, size=1)])
    assert types_of(image, "image/x-icon").types == (FileType.PYTHON, FileType.UNKNOWN)


@pytest.mark.parametrize("files", [1, 5])
def test_all_files_that_are_read_for_their_type_are_announced(files: int) -> None:
    image, budget = sized([written("a", ELF), written("b", NOISE, size=90), written("c.py")]), LookBudget(files=files)
    types_of(image, budget=budget)
    need = types_need(budget=budget)
    assert need.of_image(ImageFiles(image.tree, image.live, {})) == image.looked_into()
