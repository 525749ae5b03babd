"""What the head of a file diff says: whose versions these are, and what differs beside the bytes."""

from collections.abc import Iterator
from typing import NamedTuple

from rich.text import Text

from layerscope.analysis.text.diff import TextDiff
from layerscope.analysis.text.lines import LineEnd
from layerscope.comparison.file_difference import ComparedFile
from layerscope.model.entries import FileEntry, Kind
from layerscope.session.files.revision import FileRevision
from layerscope.text import mode_text, printable_line, printable_name
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.file.facts import size_words, xattr_words
from layerscope.tui.file_diff.layout import ends_only
from layerscope.tui.tree.file_tree import owner_text

_ENDS = {LineEnd.LF: "LF", LineEnd.CRLF: "CRLF", LineEnd.NONE: "no line feed"}
_KINDS = {Kind.FILE: "file", Kind.DIR: "directory", Kind.SYMLINK: "symlink", Kind.HARDLINK: "hard link"}


class DiffFact(NamedTuple):
    """Something that differs, as words for both sides."""

    name: str
    before: str
    after: str


def diff_head(before: FileRevision | None, after: FileRevision | None, glyphs: Glyphs) -> Text:
    """Return the lines above a diff."""
    versions = [version for version in (before, after) if version is not None]
    paths = dict.fromkeys(f"/{printable_name(version.path)}" for version in versions)
    text = Text(f" {glyphs.arrow} ".join(paths), style="bold", overflow="fold")
    for mark, version in (("-", before), ("+", after)):
        where = _where(version, versions) if version else "not there"
        text.append(f"\n{mark} {where}", style="not bold")
    for fact in _metadata(before, after):
        text.append(f"\n{fact.name}: {fact.before} {glyphs.arrow} {fact.after}", style="not bold")
    return text


def _where(version: FileRevision, versions: list[FileRevision]) -> str:
    image = version.opened.image
    of_image = ""
    if len({id(each.opened.image) for each in versions}) > 1:
        of_image = f"{printable_line(image.name)}, "
    return f"{of_image}layer {version.layer}: {printable_line(image.step(version.layer).title)}"


def _metadata(before: FileRevision | None, after: FileRevision | None) -> Iterator[DiffFact]:
    if before is None or after is None:
        return
    one, other = _words(before.entry), _words(after.entry)
    for name in one:
        if one[name] != other[name]:
            yield DiffFact(name, one[name] or "none", other[name] or "none")


def _words(entry: FileEntry) -> dict[str, str]:
    """Return what may differ beside the bytes, by its name; a symlink's mode means nothing."""
    mode = f"{entry.mode:04o} {mode_text(entry.kind.letter, entry.mode)}"
    return {
        "kind": _KINDS.get(entry.kind, entry.kind.word),
        "mode": "" if entry.kind is Kind.SYMLINK else mode,
        "owner": owner_text(entry),
        "link": printable_name(entry.link or b""),
        "device": ", ".join(map(str, entry.device or ())),
        "xattrs": ", ".join(xattr_words(entry)),
    }


def text_notes(diff: TextDiff, before: ComparedFile | None, after: ComparedFile | None) -> Iterator[str]:
    """Yield what is to be told of a text diff beside its lines."""
    only = ends_only(diff)
    if only is not None:
        names = (" and ".join(sorted(_ENDS[end] for end in ends)) for ends in only)
        yield "only the ends of lines differ: {} before, {} after".format(*names)
    else:
        yield from _last_ends(diff)
    if before and after and before.encoding and after.encoding and before.encoding is not after.encoding:
        yield f"{before.encoding.word} before, {after.encoding.word} after"
    if diff.rough:
        yield "more lines may be equal than are shown so"


def _last_ends(diff: TextDiff) -> Iterator[str]:
    lasts = [(lines[-1].end if lines else None) for lines in (diff.old, diff.new)]
    for end, other, word in ((lasts[0], lasts[1], "before"), (lasts[1], lasts[0], "after")):
        if end is LineEnd.NONE and other is not LineEnd.NONE:
            yield f"no line feed at the end {word}"


def side_words(side: ComparedFile | None) -> str:
    """Return what a side is and how large."""
    if side is None or side.pages is None:
        return "not there" if side is None else _KINDS.get(side.version.entry.kind, side.version.entry.kind.word)
    return f"{side.description or 'data'}, {size_words(side.size)}"


def hex_lines(data: bytes, start: int, other: bytes) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """Yield lines of hex, and in each the spans of the bytes that the other side has not."""
    for at in range(0, len(data), 16):
        row, others = data[at : at + 16], other[at : at + 16]
        characters = "".join(chr(byte) if chr(byte).isascii() and chr(byte).isprintable() else "." for byte in row)
        head = f"{start + at:08x}  "
        line = f"{head}{row.hex(' '):<47}  {characters}"
        differing = [place for place, byte in enumerate(row) if others[place : place + 1] != bytes((byte,))]
        hexes = [(len(head) + 3 * place, len(head) + 3 * place + 2) for place in differing]
        behind = len(head) + 49
        yield line, [*hexes, *((behind + place, behind + place + 1) for place in differing)]
