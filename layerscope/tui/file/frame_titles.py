"""The titles in the frame around a file: encoding and line ends above, the visible part and the matches below."""

from collections.abc import Iterator

from layerscope.analysis.text.index import TextIndex
from layerscope.text import human_share, human_size, plural, printable_line
from layerscope.tui.file.state import OpenFile


def text_words(file: OpenFile) -> Iterator[str]:
    """Yield the encoding of a text and its line ends, as far as they are known."""
    if file.encoding is None:
        yield "Not text, shown as Latin-1"
        return
    yield file.encoding.word
    if file.text is None:
        return
    index = file.text.index
    if index.line_feeds:
        ends = {"LF": index.line_feeds - index.crlfs, "CRLF": index.crlfs}
        yield " and ".join(name for name, count in ends.items() if count)
    if index.is_finished and not index.has_last_feed:
        yield "no line feed at the end"


def position_words(file: OpenFile, visible: range, row_size: int, *, is_text: bool) -> Iterator[str]:
    """Yield the visible part, the matches of a search, and why the rest cannot be read."""
    if file.goal is not None:
        yield "going there"
    if file.hits is not None:
        yield file.hits.words
    if not is_text or file.text is None:
        at, size = visible.start * row_size, plural(file.pages.size, "byte")
        is_all = not at and len(visible) * row_size >= file.pages.size
        if not file.pages.is_readable:
            yield "sparse, not read to its end"
        yield f"all of {size}" if is_all else f"from {at:#x}, {human_share(at, file.pages.size) or '0 %'} of {size}"
    else:
        yield from _visible_lines(file.text.index, visible)
    if file.pages.problem:
        yield f"the rest cannot be read: {printable_line(file.pages.problem)}"


def _visible_lines(index: TextIndex, visible: range) -> Iterator[str]:
    if visible:
        lines = index.lines if index.is_finished else index.line_feeds
        yield f"line {index.line_of(visible.start) + 1:,} to {index.line_of(visible.stop - 1) + 1:,} of {lines:,}"
    if not index.is_finished:
        yield f"{human_size(index.size)} counted"
