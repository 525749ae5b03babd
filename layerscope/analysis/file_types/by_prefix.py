"""Types of files by their first bytes without libmagic, and by the MIME types that libmagic returns."""

import re
from typing import NamedTuple

from layerscope.analysis.file_types.file_type import FileType

ELF_MAGIC = b"\x7fELF"

_TAR_MAGIC = b"ustar"
_TAR_MAGIC_AT = slice(257, 262)


class Signature(NamedTuple):
    """A format: its first bytes, and the name that people read. If its ``type`` is None, other facts decide."""

    magic: bytes
    type: FileType | None
    name: str


ZIP = Signature(b"PK\3\4", FileType.ARCHIVES, "ZIP archive")

_TAR = Signature(_TAR_MAGIC, FileType.ARCHIVES, "tar archive")
_SIGNATURES = (
    Signature(ELF_MAGIC, FileType.EXECUTABLES, "ELF file"),
    Signature(b"MZ", FileType.EXECUTABLES, "Windows program"),
    Signature(b"\0asm", FileType.EXECUTABLES, "WebAssembly module"),
    Signature(b"\xca\xfe\xba\xbe", FileType.JAVA, "Java class"),
    Signature(b"!<arch>\ndebian", FileType.ARCHIVES, "Debian package"),
    Signature(b"!<arch>\n", FileType.HEADERS, "ar archive, as of static libraries"),
    Signature(b"!<thin>\n", FileType.HEADERS, "thin ar archive"),
    Signature(b"SQLite format 3\0", FileType.DATABASES, "SQLite database"),
    ZIP,
    Signature(b"\x1f\x8b", FileType.ARCHIVES, "gzip archive"),
    Signature(b"BZh", FileType.ARCHIVES, "bzip2 archive"),
    Signature(b"\xfd7zXZ\0", FileType.ARCHIVES, "xz archive"),
    Signature(b"\x28\xb5\x2f\xfd", FileType.ARCHIVES, "zstd archive"),
    Signature(b"\x04\x22\x4d\x18", None, "lz4 archive"),
    Signature(b"7z\xbc\xaf\x27\x1c", FileType.ARCHIVES, "7-Zip archive"),
    Signature(b"\xed\xab\xee\xdb", FileType.ARCHIVES, "RPM package"),
    Signature(b"070701", None, "cpio archive"),
    Signature(b"hsqs", None, "squashfs file system"),
    Signature(b"\x89PNG\r\n", FileType.IMAGES, "PNG image"),
    Signature(b"\xff\xd8\xff", FileType.IMAGES, "JPEG image"),
    Signature(b"GIF8", FileType.IMAGES, "GIF image"),
    Signature(b"%PDF-", FileType.DOCUMENTATION, "PDF document"),
    Signature(b"wOFF", None, "WOFF font"),
    Signature(b"wOF2", None, "WOFF2 font"),
    Signature(b"GGUF", FileType.MODELS, "GGUF model"),
    Signature(b"TZif", FileType.LOCALES, "time zone data"),
    Signature(b"\xde\x12\x04\x95", FileType.LOCALES, "gettext translations"),
    Signature(b"\x95\x04\x12\xde", FileType.LOCALES, "gettext translations"),
)


def signature_of(prefix: bytes) -> Signature | None:
    """Return the signature that the first bytes of a file have, or None."""
    if prefix[_TAR_MAGIC_AT] == _TAR_MAGIC:
        return _TAR
    return next((signature for signature in _SIGNATURES if prefix.startswith(signature.magic)), None)


_CERTIFICATE = b"-----BEGIN "
_MIMES_OF_TYPES = {
    FileType.SCRIPTS: "text/x-",
    FileType.WEB: "text/html application/javascript",
    FileType.TEXT: "text/ application/json application/xml",
    FileType.IMAGES: "image/",
    FileType.MEDIA: "audio/ video/",
    FileType.FONTS: "font/ application/vnd.ms-opentype application/x-font",
    FileType.DATABASES: (
        "application/x-dbf application/x-dbm application/x-gdbm application/x-sqlite3 "
        "application/vnd.sqlite3 application/x-terminfo"
    ),
    FileType.BYTECODE: "application/x-bytecode.python",
    FileType.EXECUTABLES: "application/x-executable application/x-sharedlib application/x-pie-executable",
    FileType.HEADERS: "application/x-object application/x-archive",
    FileType.LOCALES: "application/x-gettext-translation",
    FileType.JAVA: "application/x-java application/java",
    FileType.DOCUMENTATION: "application/pdf application/postscript",
    FileType.CERTIFICATES: "application/pgp-keys",
    FileType.ARCHIVES: (
        "application/x-tar application/x-cpio application/zip application/gzip application/x-lz4 "
        "application/vnd.debian.binary-package"
    ),
}
"""The starts of the MIME types of each group; the first group of which one fits counts."""

_MIMES = [(mime, kind) for kind, mimes in _MIMES_OF_TYPES.items() for mime in mimes.split()]
_PYTHON_LINE = re.compile(rb"#![^\n]*\bpython[0-9.]*\b")
_BINARY = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_LONGEST_CHARACTER = 4


def type_of_prefix(prefix: bytes) -> FileType | None:
    """Return the type of a file that its first bytes show beyond doubt, or None."""
    if prefix.startswith(b"#!"):
        return FileType.PYTHON if _PYTHON_LINE.match(prefix) else FileType.SCRIPTS
    signature = signature_of(prefix)
    if signature and signature.type:
        return signature.type
    if prefix.startswith(_CERTIFICATE):
        return FileType.CERTIFICATES
    return FileType.TEXT if _is_text(prefix) else None


def _is_text(prefix: bytes) -> bool:
    """Return whether the bytes are UTF-8 without control characters; the last character may be cut."""
    if not prefix or _BINARY.search(prefix):
        return False
    try:
        prefix.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and error.start > len(prefix) - _LONGEST_CHARACTER
    return True


def type_of_mime(mime: str | None) -> FileType | None:
    """Return the type of files of a MIME type, or None."""
    return next((kind for prefix, kind in _MIMES if mime and mime.startswith(prefix)), None)
