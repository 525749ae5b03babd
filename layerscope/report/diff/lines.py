"""The changes of a diff for people, one line per path: the differences, the sizes before and after, the delta."""

from collections.abc import Collection, Iterator
from typing import TextIO

from layerscope.analysis.comparison.diff import Change, Diff
from layerscope.analysis.comparison.difference import Aspect
from layerscope.analysis.tree.change import ChangeKind
from layerscope.model.entries import FileEntry, Kind
from layerscope.report.colors import change_styles
from layerscope.report.tree.selection import link_text
from layerscope.text import human_size, path_text, printable_name, signed_size

_SIZE_WIDTH = len("999 MB")
_DELTA_WIDTH = len("+999 MB")
_NO_SIZE = ""


def write_diff_lines(diff: Diff, file: TextIO, uncertain: Collection[int] = ()) -> None:
    """Write a line for each row, folder by folder; ``uncertain`` are rows that depend on layers that were not read."""
    styles = change_styles(file)
    for change, line in diff_lines(diff, uncertain):
        before, after = styles[change]
        file.write(f"{before}{line}{after}\n")


def diff_lines(diff: Diff, uncertain: Collection[int] = ()) -> Iterator[tuple[ChangeKind, str]]:
    """Yield the lines, each with its kind of change."""
    width = max((len(_words(Aspect(aspects))) for aspects in set(diff.aspects)), default=0)
    for row, change in enumerate(diff):
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
    name = printable_name(path_text(change.path)) + ("/" if entry is not None and entry.kind is Kind.DIR else "")
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
    return "no link" if link is None else printable_name(link)
