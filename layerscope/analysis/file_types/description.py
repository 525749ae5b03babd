"""What a file is, in a few words, by its first bytes: what can be told without libmagic."""

import re

from layerscope.analysis.file_types.by_path import type_of_path
from layerscope.analysis.file_types.by_prefix import type_of_prefix
from layerscope.analysis.file_types.elf import elf_words
from layerscope.analysis.file_types.file_type import FileType
from layerscope.analysis.text.encoding import detect_encoding

_SIGNATURES = (
    (b"\x1f\x8b", "gzip archive"),
    (b"BZh", "bzip2 archive"),
    (b"\xfd7zXZ\0", "xz archive"),
    (b"\x28\xb5\x2f\xfd", "zstd archive"),
    (b"\x04\x22\x4d\x18", "lz4 archive"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip archive"),
    (b"!<arch>\ndebian", "Debian package"),
    (b"!<arch>\n", "ar archive, as of static libraries"),
    (b"!<thin>\n", "thin ar archive"),
    (b"\xed\xab\xee\xdb", "RPM package"),
    (b"070701", "cpio archive"),
    (b"hsqs", "squashfs file system"),
    (b"SQLite format 3\0", "SQLite database"),
    (b"\0asm", "WebAssembly module"),
    (b"\xca\xfe\xba\xbe", "Java class"),
    (b"\x89PNG\r\n", "PNG image"),
    (b"\xff\xd8\xff", "JPEG image"),
    (b"GIF8", "GIF image"),
    (b"%PDF-", "PDF document"),
    (b"wOFF", "WOFF font"),
    (b"wOF2", "WOFF2 font"),
    (b"GGUF", "GGUF model"),
    (b"TZif", "time zone data"),
    (b"\xde\x12\x04\x95", "gettext translations"),
    (b"\x95\x04\x12\xde", "gettext translations"),
    (b"MZ", "Windows program"),
)
_ZIP = b"PK\3\4"
_ZIPS = {b".jar": "Java archive", b".war": "Java archive", b".whl": "Python wheel", b".apk": "Android package"}
_TAR_MARK = slice(257, 262)
_SHEBANG = re.compile(rb"#![ \t]*(?:\S*/)?(?:env[ \t]+(?:-\S+[ \t]+)*)?(?P<name>[\w.+-]+)")


def describe(head: bytes, path: bytes, size: int) -> str | None:
    """Return what a file of so many bytes is, or None where nothing tells."""
    if not size:
        return "empty file"
    return elf_words(head) or _signed(head, path) or _text(head, path, size) or _typed(head, path)


def interpreter_of(head: bytes) -> str | None:
    """Return the program that the first line of a script names: ``bash``, ``python3``."""
    found = _SHEBANG.match(head)
    return found["name"].decode() if found else None


def _signed(head: bytes, path: bytes) -> str | None:
    if head[_TAR_MARK] == b"ustar":
        return "tar archive"
    if head.startswith(_ZIP):
        return _ZIPS.get(path[-4:].lower(), "ZIP archive")
    return next((words for signature, words in _SIGNATURES if head.startswith(signature)), None)


def _text(head: bytes, path: bytes, size: int) -> str | None:
    if detect_encoding(head, whole=len(head) >= size) is None:
        return None
    interpreter = interpreter_of(head)
    if interpreter:
        return f"{interpreter} script"
    found = type_of_path(path)
    return "text" if found in (None, FileType.TEXT) else f"text, {found}"


def _typed(head: bytes, path: bytes) -> str | None:
    found = type_of_prefix(head) or type_of_path(path)
    return f"data, {found}" if found else "data"
