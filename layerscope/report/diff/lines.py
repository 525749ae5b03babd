"""The paths of a diff for people: one a line, or summed up by directory; moved files."""

from collections.abc import Collection, Iterable, Iterator
from typing import TextIO

from layerscope.analysis.comparison.diff import Change, Diff
from layerscope.analysis.comparison.diff_tree import DiffTree, Totals
from layerscope.analysis.comparison.difference import Aspect
from layerscope.analysis.tree.change import ChangeKind
from layerscope.comparison.filtered import MovedFile
from layerscope.model.entries import FileEntry, Kind
from layerscope.report.colors import write_colored
from layerscope.report.json_document import NO_LIMIT, Limit
from layerscope.report.tree.selection import link_text
from layerscope.text import human_size, plural, printable_name, printable_path, signed_size

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
