"""The content of a file: its bytes as they are, or text that is safe for a terminal."""

import codecs
import io
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO, TextIO

from layerscope.analysis.text.encoding import PREFIX_SIZE, TextEncoding, detect_encoding
from layerscope.errors import UsageError
from layerscope.text import printable_text


def write_raw(chunks: Iterable[bytes], file: BinaryIO) -> None:
    """Write the bytes as they are."""
    file.writelines(chunks)
    file.flush()


def write_readable(chunks: Iterable[bytes], name: str, file: TextIO) -> None:
    """Write a text with control characters as escapes; raises UsageError, before any output, if it is binary."""
    file.writelines(readable_pieces(chunks, name))


def readable_pieces(chunks: Iterable[bytes], name: str) -> Iterator[str]:
    """Yield a text in pieces that are safe for a screen; all line ends become line feeds."""
    rest = iter(chunks)
    prefix = _prefix(rest)
    encoding = detect_encoding(prefix, whole=len(prefix) < PREFIX_SIZE)
    if encoding is None:
        raise UsageError(f"{name} is binary, and stdout is a terminal: redirect it (> FILE) or pipe it (| xxd)")
    decoder = _decoder(encoding)
    for chunk in chain([prefix.removeprefix(encoding.byte_order_mark)], rest):
        yield printable_text(decoder.decode(chunk))
    yield printable_text(decoder.decode(b"", final=True))


def _prefix(chunks: Iterator[bytes]) -> bytes:
    prefix = b""
    while len(prefix) < PREFIX_SIZE and (chunk := next(chunks, b"")):
        prefix += chunk
    return prefix


def _decoder(encoding: TextEncoding) -> io.IncrementalNewlineDecoder:
    codec = encoding.codec
    return io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(codec)("replace"), translate=True)
