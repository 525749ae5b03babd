"""A description of a file in a few words, by its first bytes and without libmagic."""

import re

from layerscope.analysis.file_types.by_path import type_of_path
from layerscope.analysis.file_types.by_prefix import ZIP, signature_of, type_of_prefix
from layerscope.analysis.file_types.elf import elf_words
from layerscope.analysis.file_types.file_type import FileType
from layerscope.analysis.text.encoding import detect_encoding

_ZIPS = {b".jar": "Java archive", b".war": "Java archive", b".whl": "Python wheel", b".apk": "Android package"}
_SHEBANG = re.compile(rb"#![ \t]*(?:\S*/)?(?:env[ \t]+(?:-\S+[ \t]+)*)?(?P<name>[\w.+-]+)")


def describe(prefix: bytes, path: bytes, size: int) -> str | None:
    """Return a description of a file of ``size`` bytes, or None if nothing is known about it."""
    if not size:
        return "empty file"
    return elf_words(prefix) or _format_name(prefix, path) or _text(prefix, path, size) or _typed(prefix, path)


def interpreter_of(prefix: bytes) -> str | None:
    """Return the program that the first line of a script names: ``bash``, ``python3``."""
    match = _SHEBANG.match(prefix)
    return match["name"].decode() if match else None


def _format_name(prefix: bytes, path: bytes) -> str | None:
    signature = signature_of(prefix)
    if signature is ZIP:
        return _ZIPS.get(path[-4:].lower(), ZIP.name)
    return signature.name if signature else None


def _text(prefix: bytes, path: bytes, size: int) -> str | None:
    if detect_encoding(prefix, whole=len(prefix) >= size) is None:
        return None
    interpreter = interpreter_of(prefix)
    if interpreter:
        return f"{interpreter} script"
    kind = type_of_path(path)
    return "text" if kind in (None, FileType.TEXT) else f"text, {kind}"


def _typed(prefix: bytes, path: bytes) -> str | None:
    kind = type_of_prefix(prefix) or type_of_path(path)
    return f"data, {kind}" if kind else "data"
