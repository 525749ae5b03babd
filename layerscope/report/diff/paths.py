"""The paths of a diff for people: one a line, or summed up by directory; moved files, and how texts differ."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TextIO

from layerscope.analysis.comparison.diff import Change, Diff
from layerscope.analysis.comparison.diff_tree import DiffTree, Totals
from layerscope.analysis.comparison.difference import Aspect
from layerscope.analysis.text.diff import Hunk, diff_texts, unified
from layerscope.analysis.text.encoding import LineEnd, TextEncoding, TextLine
from layerscope.analysis.tree.change import ChangeKind
from layerscope.comparison.filtered import FilteredComparison, MovedFile
from layerscope.errors import FormatError
from layerscope.model.entries import FileEntry, Kind
from layerscope.report.colors import write_colored
from layerscope.report.json_document import NO_LIMIT, Limit
from layerscope.report.tree_rows import link_text
from layerscope.session.files.text import WholeText, read_text
from layerscope.text import human_size, path_text, plural, printable_name, printable_path, printable_text, signed_size

_SIZE_WIDTH = len("999 MB")
_DELTA_WIDTH = len("+999 MB")
_NO_SIZE = ""
_MARKS = ("+", "~", "-")


def write_diff_lines(diff: Diff, file: TextIO, uncertain: Collection[int] = (), limit: Limit = NO_LIMIT) -> None:
    """Write a line for each row, folder by folder; ``uncertain`` are rows that depend on layers that were not read."""
    write_colored(_diff_lines(diff, uncertain, limit), file)


def _diff_lines(diff: Diff, uncertain: Collection[int], limit: Limit) -> Iterator[tuple[ChangeKind, str]]:
    width = max((len(_words(Aspect(aspects))) for aspects in set(diff.aspects)), default=0)
    for row in limit(range(len(diff))):
        change = diff.change(row)
        sizes = f"{_size(change.before):>{_SIZE_WIDTH}}  {_size(change.after):>{_SIZE_WIDTH}}"
        delta = f"{_delta(change):>{_DELTA_WIDTH}}"
        what = f"{_words(change.what):<{width}}  " if width else ""
        name = _name(change, is_certain=row not in uncertain)
        yield change.change, f"{change.change.mark} {sizes}  {delta}  {what}{name}"


def _words(what: Aspect) -> str:
    return ",".join(what.words)


def _size(entry: FileEntry | None) -> str:
    return human_size(entry.size) if entry is not None and entry.kind is Kind.FILE else _NO_SIZE


def _delta(change: Change) -> str:
    is_file = any(entry is not None and entry.kind is Kind.FILE for entry in (change.before, change.after))
    return signed_size(change.size_delta) if is_file else _NO_SIZE


def _name(change: Change, *, is_certain: bool) -> str:
    entry = change.after or change.before
    name = printable_path(change.path) + ("/" if entry is not None and entry.kind is Kind.DIR else "")
    details = [*_details(change), *(() if is_certain else ("uncertain: a layer or the bytes could not be read",))]
    return f"{name}  ({', '.join(details)})" if details else name


def _details(change: Change) -> Iterator[str]:
    """Yield both values of differences that fit a few words."""
    before, after = change.before, change.after
    if before is None or after is None:
        return
    if change.what & Aspect.KIND and before.kind is not after.kind:
        yield f"{before.kind.word} -> {after.kind.word}"
    if change.what & Aspect.MODE:
        yield f"{before.mode:04o} -> {after.mode:04o}"
    if change.what & Aspect.OWNER:
        yield f"{before.uid}:{before.gid} -> {after.uid}:{after.gid}"
    if change.what & Aspect.LINK:
        yield f"{_link(before)} -> {_link(after)}"


def _link(entry: FileEntry) -> str:
    link = link_text(entry.kind, entry.link)
    return "a file of its own" if link is None else printable_name(link)


def write_diff_stat(tree: DiffTree, file: TextIO, limit: Limit = NO_LIMIT) -> None:
    """Write a line for each directory: its delta, how many paths below it changed, its path."""
    file.writelines(line + "\n" for line in limit(_stat_lines(tree)))


def _stat_lines(tree: DiffTree) -> Iterator[str]:
    """Yield the lines: the root, then the directories that grew or shrank most.

    One whose changes are all in one of its directories is left out.
    """
    totals = {folder: total for folder, total in tree.totals.items() if not _repeats_one_below(tree, folder, total)}
    widths = [
        max((len(cell) for total in totals.values() if (cell := _cells(total)[at])), default=0) for at in range(3)
    ]
    for folder in sorted(totals, key=lambda folder: (bool(folder), -abs(totals[folder].size_delta), folder)):
        cells = zip(_cells(totals[folder]), widths, strict=True)
        counts = "".join(f"  {cell:>{width}}" for cell, width in cells if width)
        name = printable_path(tree.index.path(folder)).rstrip("/")
        yield f"{signed_size(totals[folder].size_delta):>{_DELTA_WIDTH}}{counts}  {name}/"


def _repeats_one_below(tree: DiffTree, folder: int, total: Totals) -> bool:
    below = (tree.totals[child] for child in tree.index.children(folder) if child in tree.totals)
    return next(below, None) == total


def _cells(total: Totals) -> tuple[str, ...]:
    counts = (total.added, total.modified, total.removed)
    return tuple(f"{mark}{count:,}" if count else "" for mark, count in zip(_MARKS, counts, strict=True))


def move_lines(moves: Iterable[MovedFile]) -> Iterator[str]:
    """Yield a line for each file, or for all files that moved from one folder to another and kept their names."""
    groups: dict[tuple[bytes, bytes], list[MovedFile]] = {}
    for move in moves:
        groups.setdefault(_folders(move), []).append(move)
    for (before, after), files in groups.items():
        size = f"{human_size(sum(file.size for file in files)):>{_SIZE_WIDTH}}"
        if len(files) == 1:
            yield f"{size}  {printable_path(files[0].before)} -> {printable_path(files[0].after)}"
        else:
            yield f"{size}  {_folder(before)} -> {_folder(after)}  ({plural(len(files), 'file')})"


def _folders(move: MovedFile) -> tuple[bytes, bytes]:
    """Return both paths without the last parts that they share."""
    before, after = move.before.split(b"/"), move.after.split(b"/")
    while before and after and before[-1] == after[-1]:
        before.pop()
        after.pop()
    return b"/".join(before), b"/".join(after)


def _folder(path: bytes) -> str:
    return printable_path(path).rstrip("/") + "/"


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
