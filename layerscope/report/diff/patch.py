"""The differences of modified files: texts as a unified diff, anything else as one line."""

import re
from collections.abc import Callable, Iterator
from typing import TextIO

from layerscope.analysis.comparison.difference import Aspect
from layerscope.analysis.text.diff import Hunk, diff_texts, unified
from layerscope.analysis.text.encoding import LineEnd, TextEncoding, TextLine
from layerscope.analysis.tree.change import ChangeKind
from layerscope.comparison.filtered import FilteredComparison
from layerscope.errors import FormatError
from layerscope.report.colors import write_colored
from layerscope.session.files.text import WholeText, read_text
from layerscope.text import human_size, path_text, printable_name, printable_text

LARGEST_TEXT = 8_000_000
"""The size in bytes above which files are not compared line by line."""

_NO_END = "\\ No newline at end of file"
_TO_QUOTE = re.compile(rb'[\x00-\x1f"\\\x7f-\xff]')
_KINDS = {"+": ChangeKind.ADDED, "-": ChangeKind.REMOVED}


def write_patch(view: FilteredComparison, file: TextIO) -> None:
    """Write the differences of each modified file in UTF-8: as ``patch`` reads them, or as is safe for a terminal."""
    shown: Callable[[str], str] = printable_text if file.isatty() else str
    lines = ((_KINDS.get(line[:1], ChangeKind.UNCHANGED), shown(line)) for line in patch_lines(view))
    write_colored(lines, file)


def patch_lines(view: FilteredComparison) -> Iterator[str]:
    """Yield the lines, a blank one before each file; a line that ends in CR LF keeps its CR."""
    diff = view.diff
    for node, aspects in zip(diff.nodes, diff.aspects, strict=True):
        if aspects & Aspect.CONTENT:
            sides = diff.pairing.old, diff.pairing.new
            files = [side.state.tree.file_behind(side.occurrence(node)) for side in sides]
            # The numbers of a device are content as well, but no bytes.
            if min(files) >= 0:
                yield ""
                yield from _file_lines(view, diff.pairing.shape.path(node), files[0], files[1])


def _file_lines(view: FilteredComparison, path: bytes, old: int, new: int) -> Iterator[str]:
    old_contents, new_contents = view.comparison.old.contents, view.comparison.new.contents
    sizes = old_contents.size(old), new_contents.size(new)
    names = f"{_quoted(b'a/' + path)} and {_quoted(b'b/' + path)} differ"
    if max(sizes) > LARGEST_TEXT:
        yield f"Files {names}, {human_size(sizes[0])} and {human_size(sizes[1])}: too large to compare by lines"
        return
    try:
        texts = read_text(old_contents, old), read_text(new_contents, new)
    except FormatError as error:
        yield printable_name(f"Files {names}, or cannot be read: {error}")
        return
    if texts[0] is None or texts[1] is None:
        yield f"Binary files {names}"
    elif texts[0].lines == texts[1].lines:
        yield f"Files {names} in their encoding: {texts[0].encoding.word}, {texts[1].encoding.word}"
    else:
        yield from _encoding_lines(path, texts[0].encoding, texts[1].encoding)
        yield f"--- {_in_header(b'a/' + path)}"
        yield f"+++ {_in_header(b'b/' + path)}"
        yield from _hunk_lines(texts[0], texts[1])


def _encoding_lines(path: bytes, *encodings: TextEncoding) -> Iterator[str]:
    """Yield a remark for people if the hunks do not hold the bytes of the files."""
    words = list(dict.fromkeys(encoding.word for encoding in encodings if encoding is not TextEncoding.UTF_8))
    if words:
        yield f"In {_quoted(path)}, {' and '.join(words)} is written here as UTF-8:"


def _hunk_lines(old: WholeText, new: WholeText) -> Iterator[str]:
    diff = diff_texts(old.lines, new.lines)
    for hunk in diff.hunks():
        yield hunk.header
        yield from _marked_lines(hunk, old, new)


def _marked_lines(hunk: Hunk, old: WholeText, new: WholeText) -> Iterator[str]:
    for mark, row in unified(hunk.rows):
        number = row.new if mark == "+" else row.old
        if number is not None:
            yield from _line(mark, (new if mark == "+" else old).lines[number])


def _line(mark: str, line: TextLine) -> Iterator[str]:
    yield mark + line.text + ("\r" if line.end is LineEnd.CRLF else "")
    if line.end is LineEnd.NONE:
        yield _NO_END


def _in_header(path: bytes) -> str:
    """Return a name for the header of a patch; one with a space in it needs a tab after it."""
    return f"{_quoted(path)}\t" if b" " in path else _quoted(path)


def _quoted(path: bytes) -> str:
    """Return a name as git writes it into a patch: in quotes with octal escapes if it holds unusual bytes."""
    text = path_text(path)[1:]
    if printable_name(path) == text and '"' not in text:
        return text
    return '"' + _TO_QUOTE.sub(lambda match: b"\\%03o" % match[0][0], path).decode("ascii") + '"'
