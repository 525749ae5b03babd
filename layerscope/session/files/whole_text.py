"""Whole files as text."""

from typing import NamedTuple

from layerscope.analysis.text.encoding import PREFIX_SIZE, TextEncoding, detect_encoding
from layerscope.analysis.text.lines import TextLine, split_lines
from layerscope.session.content.contents import Contents


class WholeText(NamedTuple):
    """The lines of a file, and their encoding."""

    lines: list[TextLine]
    encoding: TextEncoding


def read_text(contents: Contents, occurrence: int) -> WholeText | None:
    """Return the text of a file, or None if it is not text, which its first bytes decide.

    Raises FormatError if the file cannot be read.
    """
    size = contents.size(occurrence)
    head = contents.read_range(occurrence, 0, PREFIX_SIZE)
    encoding = detect_encoding(head, whole=size <= PREFIX_SIZE)
    if encoding is None:
        return None
    rest = contents.read_range(occurrence, PREFIX_SIZE, size - PREFIX_SIZE) if size > PREFIX_SIZE else b""
    return WholeText(split_lines(head + rest, encoding), encoding)
