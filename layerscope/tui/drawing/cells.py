"""Text in cells: cut or wrapped to a number of them, or with styles on parts of it."""

import re
from collections.abc import Iterable
from itertools import pairwise

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.segment import Segment
from rich.style import Style

from layerscope.text import printable_line, printable_text
from layerscope.tui.drawing.glyphs import Glyphs

_HASH = re.compile(r"\b((?:file|dir|multi|sha256):[0-9a-f]{4})[0-9a-f]{8,60}\b")
"""The name that a builder gives what it copied, or a digest."""

_LONGEST = 4096
"""Characters of a text from an image that are drawn; an instruction may have a million."""

_LEAST_WIDTH = 12
"""The cells from which on a text is wrapped."""

StyledSpan = tuple[int, int, Style]
"""Start and end in characters, and a style that is added to those of the spans before it."""


def one_line(text: str, width: int, glyphs: Glyphs) -> str:
    """Return a text from an image as one printable line, cut at its end to fit the width."""
    return cut(printable_line(text[:_LONGEST]), width, glyphs)


def instruction_line(text: str, width: int, glyphs: Glyphs) -> str:
    """Return an instruction as `one_line`; where it does not fit, hashes are shortened first."""
    line = one_line(text, _LONGEST, glyphs)
    return line if cell_len(line) <= width else cut(_HASH.sub(rf"\1{glyphs.ellipsis}", line), width, glyphs)


def instruction_lines(text: str, width: int, most: int, glyphs: Glyphs) -> list[str]:
    """Return an instruction in lines that fit the width, the last one cut if there are more than ``most``."""
    parts = wrapped(text, width) if most > 1 else [text]
    if len(parts) == 1:
        return [instruction_line(text, width, glyphs)]
    return parts if len(parts) <= most else [*parts[: most - 1], cut(" ".join(parts[most - 1 :]), width, glyphs)]


def excerpt(text: str) -> str:
    """Return a text from an image with its line breaks, or the start of a very long text and its length."""
    if len(text) <= _LONGEST:
        return printable_text(text)
    return f"{printable_text(text[:_LONGEST])} ... ({len(text):,} characters in all)"


def cut(text: str, width: int, glyphs: Glyphs) -> str:
    """Return the text, cut at its end to fit the width, with an ellipsis."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(0, width - len(glyphs.ellipsis))) + glyphs.ellipsis[: max(0, width)]


def wrapped(text: str, width: int) -> list[str]:
    """Return a text from an image in printable lines that fit the width, or in one where it is too narrow."""
    words = text[:_LONGEST].lstrip(" ")
    shown = " " * (len(text[:_LONGEST]) - len(words)) + printable_line(words)
    return folded(shown, width) if width >= _LEAST_WIDTH else [shown]


def folded(text: str, width: int, hang: str = "") -> list[str]:
    """Return a text in lines that break between words where they can, each but the first with ``hang`` before it."""
    if cell_len(text) <= width:
        return [text]
    words = text.strip(" ")
    lines, line, indent = list[str](), text[: text.find(words)], ""
    for word in words.split(" "):
        if line.strip() and cell_len(f"{indent}{line} {word}") > width:
            lines.append(indent + line.rstrip())
            line, indent = "", hang
        line = f"{line} {word}" if line.strip() else line + word
        if cell_len(indent + line) > width:
            *whole, line = chop_cells(line, width - len(hang))
            for part in whole:
                lines.append(indent + part)
                indent = hang
    return [*lines, indent + line]


def cut_middle(text: str, width: int, glyphs: Glyphs) -> str:
    """Return the text, cut in its middle to fit the width, with an ellipsis."""
    if cell_len(text) <= width:
        return text
    room = max(0, width - len(glyphs.ellipsis))
    start = set_cell_size(text, room - room // 2)
    # The end is cut from the left, which set_cell_size cannot do.
    end = set_cell_size(text[::-1], room // 2)[::-1]
    return start + glyphs.ellipsis + end


def cut_path(path: str, width: int, glyphs: Glyphs) -> str:
    """Return the path, cut in its folders to fit the width; its name is cut, in the middle, only if it is too long."""
    if cell_len(path) <= width:
        return path
    start = max(0, path.rstrip("/").rfind("/"))
    name, folders = path[start:], glyphs.ellipsis if start else ""
    room = width - cell_len(name) - len(folders)
    if room >= 0:
        return set_cell_size(path, room) + folders + name
    return cut(folders, width, glyphs) + cut_middle(name, max(0, width - len(folders)), glyphs)


def segments_length(segments: Iterable[Segment]) -> int:
    """Return the number of characters of segments."""
    return sum(len(segment.text) for segment in segments)


def padded(text: str, width: int, glyphs: Glyphs) -> str:
    """Return the text cut or padded to exactly the width."""
    text = cut(text, width, glyphs)
    return text + " " * (width - cell_len(text))


def styled(text: str, base: Style, spans: Iterable[StyledSpan]) -> list[Segment]:
    """Return the segments of a text."""
    clipped = [(max(0, start), min(end, len(text)), style) for start, end, style in spans]
    kept = [span for span in clipped if span[0] < span[1]]
    if not kept:
        return [Segment(text, base)] if text else []
    edges = sorted({0, len(text), *(span[0] for span in kept), *(span[1] for span in kept)})
    segments = []
    for start, end in pairwise(edges):
        style = base
        for first, last, added in kept:
            if first <= start and end <= last:
                style += added
        segments.append(Segment(text[start:end], style))
    return segments
