"""The bytes of a file: as they are, or as a terminal may be shown them."""

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
    """Write a text with its control characters as escapes; raises UsageError where it is none, before a byte is out."""
    file.writelines(readable_pieces(chunks, name))


def readable_pieces(chunks: Iterable[bytes], name: str) -> Iterator[str]:
    """Yield a text in pieces that are safe for a screen; ends of lines become line feeds."""
    rest = iter(chunks)
    head = _head(rest)
    encoding = detect_encoding(head, whole=len(head) < PREFIX_SIZE)
    if encoding is None:
        raise UsageError(f"{name} is no text, and this is a terminal: send it into a file (> FILE) or a pipe (| xxd)")
    decoder = _decoder(encoding)
    for chunk in chain([head.removeprefix(encoding.mark)], rest):
        yield printable_text(decoder.decode(chunk))
    yield printable_text(decoder.decode(b"", final=True))


def _head(chunks: Iterator[bytes]) -> bytes:
    head = b""
    while len(head) < PREFIX_SIZE and (chunk := next(chunks, b"")):
        head += chunk
    return head


def _decoder(encoding: TextEncoding) -> io.IncrementalNewlineDecoder:
    codec = encoding.codec
    return io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(codec)("replace"), translate=True)
