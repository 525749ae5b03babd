"""The lines above a file comparison: both revisions, and how their metadata differ; and the notes beside its text."""

from collections.abc import Iterator

from rich.text import Text

from layerscope.analysis.text.diff import TextDiff
from layerscope.analysis.text.encoding import LineEnd
from layerscope.comparison.file_difference import ComparedFile
from layerscope.model.entries import FileEntry, Kind
from layerscope.session.files.revision import FileRevision
from layerscope.text import mode_text, printable_line, printable_name
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.file.head import size_words, xattr_words
from layerscope.tui.file_diff.layout import ends_only
from layerscope.tui.tree.columns import owner_text

_KINDS = {Kind.FILE: "file", Kind.DIR: "directory", Kind.SYMLINK: "symlink", Kind.HARDLINK: "hard link"}
_ENDS = {LineEnd.LF: "LF", LineEnd.CRLF: "CRLF", LineEnd.NONE: "no line feed"}


def diff_head(old: FileRevision | None, new: FileRevision | None, glyphs: Glyphs) -> Text:
    """Return the lines above a comparison."""
    revisions = [revision for revision in (old, new) if revision is not None]
    paths = dict.fromkeys(f"/{printable_name(revision.path)}" for revision in revisions)
    text = Text(f" {glyphs.arrow} ".join(paths), style="bold", overflow="fold")
    for mark, revision in (("-", old), ("+", new)):
        text.append(f"\n{mark} {_origin(revision, revisions) if revision else 'does not exist'}", style="not bold")
    for name, before, after in _metadata_changes(old, new):
        text.append(f"\n{name}: {before} {glyphs.arrow} {after}", style="not bold")
    return text


def _origin(revision: FileRevision, revisions: list[FileRevision]) -> str:
    """Return the layer of a revision, and its image if there are two."""
    image = revision.opened.image
    is_one_image = len({id(revision.opened.image) for revision in revisions}) == 1
    of_image = "" if is_one_image else f"{printable_line(image.name)}, "
    return f"{of_image}layer {revision.layer}: {printable_line(image.step(revision.layer).title)}"


def _metadata_changes(old: FileRevision | None, new: FileRevision | None) -> Iterator[tuple[str, str, str]]:
    """Yield the name of each attribute that differs, its old and its new value."""
    if old is None or new is None:
        return
    before, after = _attributes(old.entry), _attributes(new.entry)
    for name in before:
        if before[name] != after[name]:
            yield name, before[name] or "none", after[name] or "none"


def _attributes(entry: FileEntry) -> dict[str, str]:
    """Return the attributes of an entry beside its content, by name; a symlink's mode has no effect."""
    mode = f"{entry.mode:04o} {mode_text(entry.kind.letter, entry.mode)}"
    return {
        "kind": _KINDS.get(entry.kind, entry.kind.word),
        "mode": "" if entry.kind is Kind.SYMLINK else mode,
        "owner": owner_text(entry),
        "link": printable_name(entry.link or b""),
        "device": ", ".join(map(str, entry.device or ())),
        "xattrs": ", ".join(xattr_words(entry)),
    }


def side_words(side: ComparedFile | None) -> str:
    """Return the type and the size of a revision."""
    if side is None or side.pages is None:
        return "does not exist" if side is None else _KINDS.get(side.revision.entry.kind, side.revision.entry.kind.word)
    return f"{side.description or 'data'}, {size_words(side.size)}"


def text_notes(diff: TextDiff, old: ComparedFile | None, new: ComparedFile | None) -> Iterator[str]:
    """Yield the notes on a text comparison."""
    only = ends_only(diff)
    if only is not None:
        names = (" and ".join(sorted(_ENDS[end] for end in ends)) for ends in only)
        yield "only line ends differ: {} in the old version, {} in the new one".format(*names)
    else:
        yield from _last_ends(diff)
    if old and new and old.encoding and new.encoding and old.encoding is not new.encoding:
        yield f"{old.encoding.word} in the old version, {new.encoding.word} in the new one"
    if diff.rough:
        yield "more lines may be equal than are shown as equal"


def _last_ends(diff: TextDiff) -> Iterator[str]:
    old, new = ((lines[-1].end if lines else None) for lines in (diff.old, diff.new))
    for end, other_end, side in ((old, new, "old"), (new, old, "new")):
        if end is LineEnd.NONE and other_end is not LineEnd.NONE:
            yield f"no line feed at the end of the {side} version"
