"""The content of a file: its bytes as they are, or text that is safe for a terminal."""

import codecs
import io
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO, TextIO

from layerscope.analysis.text.encoding import PREFIX_SIZE, detect_encoding
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
    rest, prefix = iter(chunks), b""
    while len(prefix) < PREFIX_SIZE and (chunk := next(rest, b"")):
        prefix += chunk
    encoding = detect_encoding(prefix, whole=len(prefix) < PREFIX_SIZE)
    if encoding is None:
        raise UsageError(f"{name} is binary, and stdout is a terminal: redirect it (> FILE) or pipe it (| xxd)")
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding.codec)("replace"), translate=True)
    for chunk in chain([prefix.removeprefix(encoding.byte_order_mark)], rest):
        yield printable_text(decoder.decode(chunk))
    yield printable_text(decoder.decode(b"", final=True))
