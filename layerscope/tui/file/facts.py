"""What the head of a file view says of a version: in lines, the most important first."""

from collections.abc import Iterator
from posixpath import dirname, join, normpath

from rich.text import Text

from layerscope.analysis.text.index import TextIndex
from layerscope.model.entries import FileEntry, Kind
from layerscope.session.files.revision import FileRevision, Shown
from layerscope.text import human_share, human_size, mode_text, plural, printable_line, printable_name
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.file.capabilities import XATTR, capabilities_text
from layerscope.tui.file.mode_words import mode_words
from layerscope.tui.file.state import FileState, OpenFile
from layerscope.tui.tree.file_tree import owner_text, time_text

_LONGEST_INSTRUCTION = 200
"""Of a longer one, so many characters stand above a file."""

_EXACT = 1000
"""From this size on, bytes are told beside the rounded size."""


def file_head(state: FileState, glyphs: Glyphs) -> Text:
    """Return the lines above a file."""
    separator = f" {glyphs.separator} "
    version, shown = state.version, state.shown
    text = Text(path_with_target(version, shown, glyphs), style="bold", overflow="fold")
    described = shown_entry(version, shown)
    digest = f"sha256 {state.digest}" if state.digest else ""
    for parts in ([_description(state), *_size(state)], metadata(described), [digest], _story(state)):
        line = separator.join(part for part in parts if part)
        text.append(f"\n{line}" if line else "", style="not bold")
    return text


def path_with_target(version: FileRevision, shown: Shown, glyphs: Glyphs) -> str:
    """Return the path, and where a link leads."""
    entry = version.entry
    path = f"/{printable_name(entry.path)}"
    if entry.link is None:
        return path
    target = printable_name(entry.link)
    if entry.kind is Kind.HARDLINK:
        return f"{path} = /{target} (hard link)"
    path = f"{path} {glyphs.arrow} {target}"
    if shown.leads_to is None:
        return path
    real = version.opened.tree.index.path(shown.leads_to)
    is_plain = normpath(join(b"/", dirname(entry.path), entry.link)).lstrip(b"/") == real
    return path if is_plain else f"{path} (that is /{printable_name(real)})"


def shown_entry(version: FileRevision, shown: Shown) -> FileEntry:
    """Return the entry whose facts are told: of a symlink that leads to something, what it leads to."""
    if shown.leads_to is None:
        return version.entry
    return version.opened.tree.entry(shown.leads_to, version.at) or version.entry


def metadata(entry: FileEntry) -> Iterator[str]:
    """Yield mode, owner, time and extended attributes, in letters, figures and words."""
    yield f"{entry.mode:04o} {mode_text(entry.kind.letter, entry.mode)}"
    yield from mode_words(entry)
    yield owner_text(entry)
    if entry.row is not None:
        yield time_text(entry.mtime, "%Y-%m-%d %H:%M:%S")
    yield from xattr_words(entry)


def xattr_words(entry: FileEntry) -> Iterator[str]:
    """Yield each extended attribute, capabilities decoded."""
    for name, value in entry.xattrs:
        found = capabilities_text(value) if name == XATTR else None
        yield f"capabilities {found}" if found else f"xattr {printable_name(name)}"


def _description(state: FileState) -> str:
    return printable_line(state.file.description or "") if state.file else ""


def _size(state: FileState) -> Iterator[str]:
    if state.shown.file is not None:
        yield size_words(state.opened.contents.size(state.shown.file))


def size_words(size: int) -> str:
    """Return a size, and where that is rounded, the exact one too."""
    exact = plural(size, "byte")
    return f"{human_size(size)} ({exact})" if size >= _EXACT else exact


def _story(state: FileState) -> Iterator[str]:
    version, shown, count = state.version, state.shown, len(state.versions)
    if count > 1:
        yield f"version {state.place + 1} of {count}"
    if shown.leads_to is not None:
        yield f"the link was written by layer {version.layer}"
        entry = shown_entry(version, shown)
        yield f"the file by layer {entry.layer}: {_instruction(version, entry.layer)}"
    elif version.entry.row is None:
        yield f"implied by the paths below it in layer {version.layer}"
    else:
        yield f"written by layer {version.layer}: {_instruction(version, version.layer)}"
    if version.removed_by is not None:
        yield f"removed by layer {version.removed_by}"


def _instruction(version: FileRevision, layer: int) -> str:
    """Return the instruction that made a layer, as much of it as fits above a file; the history has all of it."""
    text = printable_line(version.opened.image.step(layer).title)
    return text if len(text) <= _LONGEST_INSTRUCTION else f"{text[:_LONGEST_INSTRUCTION]}.."


def text_words(file: OpenFile) -> Iterator[str]:
    """Yield how a text is encoded, and how its lines end, as far as that is known."""
    if file.encoding is None:
        yield "No text, shown as Latin-1"
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


def position_words(file: OpenFile, seen: range, row_size: int, *, is_text: bool) -> Iterator[str]:
    """Yield what is seen of how much, what was found, and what keeps a view from being whole."""
    if file.goal is not None:
        yield "on the way"
    if file.hits is not None:
        yield file.hits.words
    if not is_text or file.text is None:
        at, size = seen.start * row_size, plural(file.pages.size, "byte")
        is_all = not at and len(seen) * row_size >= file.pages.size
        yield f"all of {size}" if is_all else f"from {at:#x}, {human_share(at, file.pages.size) or '0 %'} of {size}"
    else:
        yield from _lines_seen(file.text.index, seen)
    if file.pages.problem:
        yield f"the rest cannot be read: {printable_line(file.pages.problem)}"


def _lines_seen(index: TextIndex, seen: range) -> Iterator[str]:
    if seen:
        lines = index.lines if index.is_finished else index.line_feeds
        yield f"line {index.line_of(seen.start) + 1:,} to {index.line_of(seen.stop - 1) + 1:,} of {lines:,}"
    if not index.is_finished:
        yield f"{human_size(index.size)} counted"
