"""Moved files for people: those that moved together in one line."""

from collections.abc import Iterable, Iterator

from layerscope.comparison.filtered import MovedFile
from layerscope.text import human_size, path_text, plural, printable_name

_SIZE_WIDTH = len("999 MB")


def move_lines(moves: Iterable[MovedFile]) -> Iterator[str]:
    """Yield a line for each file, or for all files that moved from one folder to another and kept their names."""
    groups: dict[tuple[bytes, bytes], list[MovedFile]] = {}
    for move in moves:
        groups.setdefault(_folders(move), []).append(move)
    for (before, after), files in groups.items():
        size = f"{human_size(sum(file.size for file in files)):>{_SIZE_WIDTH}}"
        if len(files) == 1:
            yield f"{size}  {_shown(files[0].before)} -> {_shown(files[0].after)}"
        else:
            yield f"{size}  {_folder(before)} -> {_folder(after)}  ({plural(len(files), 'file')})"


def _folders(move: MovedFile) -> tuple[bytes, bytes]:
    """Return both paths without the last parts that they share."""
    before, after = move.before.split(b"/"), move.after.split(b"/")
    while before and after and before[-1] == after[-1]:
        before.pop()
        after.pop()
    return b"/".join(before), b"/".join(after)


def _shown(path: bytes) -> str:
    return printable_name(path_text(path))


def _folder(path: bytes) -> str:
    return _shown(path).rstrip("/") + "/"
