"""The lines above a file: path, type and size, mode and owner, and the layer that wrote the version."""

from collections.abc import Iterator
from posixpath import dirname, join, normpath

from rich.text import Text

from layerscope.model.entries import FileEntry, Kind
from layerscope.session.files.revision import FileRevision, Shown
from layerscope.text import human_size, mode_text, plural, printable_line, printable_name
from layerscope.tui.drawing.cells import one_line
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.file.capabilities import XATTR, capabilities_text
from layerscope.tui.file.mode_words import mode_words
from layerscope.tui.file.state import FileState
from layerscope.tui.tree.attributes import owner_text, time_text

_EXACT = 1000
"""Sizes from here on are rounded, and followed by the exact number of bytes."""


def file_head(state: FileState, glyphs: Glyphs, most: int) -> Text:
    """Return the lines above a file, with the start of a longer instruction than ``most`` cells."""
    separator = f" {glyphs.separator} "
    version, shown = state.version, state.shown
    text = Text(path_with_target(version, shown, glyphs), style="bold", overflow="fold")
    described = shown_entry(version, shown)
    digest = f"sha256 {state.digest}" if state.digest else ""
    for parts in ([_description(state), *_size(state)], metadata(described), [digest], _story(state, glyphs, most)):
        line = separator.join(part for part in parts if part)
        text.append(f"\n{line}" if line else "", style="not bold")
    return text


def path_with_target(version: FileRevision, shown: Shown, glyphs: Glyphs) -> str:
    """Return the path, and the target of a link."""
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
    """Return the entry that the head describes: for a symlink, its target if there is one."""
    if shown.leads_to is None:
        return version.entry
    return version.opened.tree.entry(shown.leads_to, version.at) or version.entry


def metadata(entry: FileEntry) -> Iterator[str]:
    """Yield mode, owner, time and extended attributes."""
    yield f"{entry.mode:04o} {mode_text(entry.kind.letter, entry.mode)}"
    yield from mode_words(entry)
    yield owner_text(entry)
    if entry.row is not None:
        yield time_text(entry.mtime, "%Y-%m-%d %H:%M:%S")
    yield from xattr_words(entry)


def xattr_words(entry: FileEntry) -> Iterator[str]:
    """Yield each extended attribute, capabilities decoded."""
    for name, value in entry.xattrs:
        capabilities = capabilities_text(value) if name == XATTR else None
        yield f"capabilities {capabilities}" if capabilities else f"xattr {printable_name(name)}"


def _description(state: FileState) -> str:
    return printable_line(state.file.description or "") if state.file else ""


def _size(state: FileState) -> Iterator[str]:
    if state.shown.file is not None:
        yield size_words(state.opened.contents.size(state.shown.file))


def size_words(size: int) -> str:
    """Return a size, followed by the exact number of bytes if it is rounded."""
    exact = plural(size, "byte")
    return f"{human_size(size)} ({exact})" if size >= _EXACT else exact


def _story(state: FileState, glyphs: Glyphs, most: int) -> Iterator[str]:
    version, shown, count = state.version, state.shown, len(state.versions)
    if count > 1:
        yield f"version {state.position + 1} of {count}"
    if shown.leads_to is not None:
        yield f"the link was written by layer {version.layer}"
        entry = shown_entry(version, shown)
        yield f"the file by layer {entry.layer}: {_instruction(version, entry.layer, glyphs, most)}"
    elif version.entry.row is None:
        yield f"implied by paths below it in layer {version.layer}"
    else:
        yield f"written by layer {version.layer}: {_instruction(version, version.layer, glyphs, most)}"
    if version.removed_by is not None:
        yield f"removed by layer {version.removed_by}"


def _instruction(version: FileRevision, layer: int, glyphs: Glyphs, most: int) -> str:
    """Return the instruction that made a layer, or its start."""
    return one_line(version.opened.image.step(layer).title, most, glyphs)
