"""Types of files by their first bytes: what can be told without libmagic, and what its MIME types stand for."""

import re

from layerscope.analysis.file_types.file_type import FileType

_SIGNATURES = (
    (b"\x7fELF", FileType.EXECUTABLES),
    (b"MZ", FileType.EXECUTABLES),
    (b"\0asm", FileType.EXECUTABLES),
    (b"\xca\xfe\xba\xbe", FileType.JAVA),
    (b"!<arch>\ndebian", FileType.ARCHIVES),
    (b"!<arch>\n", FileType.HEADERS),
    (b"!<thin>\n", FileType.HEADERS),
    (b"SQLite format 3\0", FileType.DATABASES),
    (b"PK\3\4", FileType.ARCHIVES),
    (b"\x1f\x8b", FileType.ARCHIVES),
    (b"BZh", FileType.ARCHIVES),
    (b"\xfd7zXZ\0", FileType.ARCHIVES),
    (b"\x28\xb5\x2f\xfd", FileType.ARCHIVES),
    (b"7z\xbc\xaf\x27\x1c", FileType.ARCHIVES),
    (b"\xed\xab\xee\xdb", FileType.ARCHIVES),
    (b"\x89PNG\r\n", FileType.IMAGES),
    (b"\xff\xd8\xff", FileType.IMAGES),
    (b"GIF8", FileType.IMAGES),
    (b"%PDF-", FileType.DOCUMENTATION),
    (b"GGUF", FileType.MODELS),
    (b"TZif", FileType.LOCALES),
    (b"\xde\x12\x04\x95", FileType.LOCALES),
    (b"\x95\x04\x12\xde", FileType.LOCALES),
    (b"-----BEGIN ", FileType.CERTIFICATES),
)
_MIMES = (
    ("text/x-", FileType.SCRIPTS),
    ("text/html", FileType.WEB),
    ("text/", FileType.TEXT),
    ("image/", FileType.IMAGES),
    ("audio/", FileType.MEDIA),
    ("video/", FileType.MEDIA),
    ("font/", FileType.FONTS),
    ("application/vnd.ms-opentype", FileType.FONTS),
    ("application/x-font", FileType.FONTS),
    ("application/x-dbf", FileType.DATABASES),
    ("application/x-dbm", FileType.DATABASES),
    ("application/x-gdbm", FileType.DATABASES),
    ("application/x-sqlite3", FileType.DATABASES),
    ("application/vnd.sqlite3", FileType.DATABASES),
    ("application/x-bytecode.python", FileType.BYTECODE),
    ("application/x-executable", FileType.EXECUTABLES),
    ("application/x-sharedlib", FileType.EXECUTABLES),
    ("application/x-pie-executable", FileType.EXECUTABLES),
    ("application/x-object", FileType.HEADERS),
    ("application/x-archive", FileType.HEADERS),
    ("application/x-gettext-translation", FileType.LOCALES),
    ("application/x-java", FileType.JAVA),
    ("application/java", FileType.JAVA),
    ("application/json", FileType.TEXT),
    ("application/xml", FileType.TEXT),
    ("application/pdf", FileType.DOCUMENTATION),
    ("application/postscript", FileType.DOCUMENTATION),
    ("application/javascript", FileType.WEB),
    ("application/pgp-keys", FileType.CERTIFICATES),
    ("application/x-terminfo", FileType.DATABASES),
    ("application/x-tar", FileType.ARCHIVES),
    ("application/x-cpio", FileType.ARCHIVES),
    ("application/zip", FileType.ARCHIVES),
    ("application/gzip", FileType.ARCHIVES),
    ("application/x-lz4", FileType.ARCHIVES),
    ("application/vnd.debian.binary-package", FileType.ARCHIVES),
)

_PYTHON_LINE = re.compile(rb"#![^\n]*\bpython[0-9.]*\b")
_BINARY = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_TAR_MARK = slice(257, 262)
_LONGEST_CHARACTER = 4


def type_of_prefix(head: bytes) -> FileType | None:
    """Return the type that first bytes tell beyond doubt, or None."""
    if head.startswith(b"#!"):
        return FileType.PYTHON if _PYTHON_LINE.match(head) else FileType.SCRIPTS
    if head[_TAR_MARK] == b"ustar":
        return FileType.ARCHIVES
    for signature, found in _SIGNATURES:
        if head.startswith(signature):
            return found
    return FileType.TEXT if _is_text(head) else None


def _is_text(head: bytes) -> bool:
    """Tell whether the bytes are UTF-8 without control characters; the last character may be cut."""
    if not head or _BINARY.search(head):
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and error.start > len(head) - _LONGEST_CHARACTER
    return True


def type_of_mime(mime: str | None) -> FileType | None:
    """Return the type that a MIME type stands for, or None."""
    return next((found for prefix, found in _MIMES if mime and mime.startswith(prefix)), None)
