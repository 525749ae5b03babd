"""Types of files by their first bytes without libmagic, and by the MIME types that libmagic returns."""

import re

from layerscope.analysis.file_types.file_type import FileType
from layerscope.analysis.file_types.signatures import signature_of

_CERTIFICATE = b"-----BEGIN "
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
