"""One path as one layer wrote it, and the file that it leads to: bytes, or the reason why there are none."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from layerscope.analysis.tree.change import GONE
from layerscope.analysis.tree.image_links import followed
from layerscope.errors import FormatError, InvalidLayer, UsageError
from layerscope.model.entries import DEVICES, FileEntry, Kind
from layerscope.model.image import Compression
from layerscope.session.loaded_image import LoadedImage, present_node, typed_paths
from layerscope.text import printable_name, printable_path

_NOT_FILES = {
    Kind.DIR: "a directory",
    Kind.FIFO: "a named pipe",
    Kind.CHAR: "a character device",
    Kind.BLOCK: "a block device",
}


@dataclass(frozen=True, slots=True)
class FileRevision:
    """A path of an image as one occurrence, which is not a removal, left it.

    ``at`` is the layer in whose merged tree its symlinks are followed.
    """

    opened: LoadedImage
    node: int
    occurrence: int
    at: int

    @property
    def layer(self) -> int:
        return self.opened.tree.index.layers[self.occurrence]

    @property
    def entry(self) -> FileEntry:
        """The entry, as the merged tree at ``at`` shows it."""
        return self.opened.tree.entry_at(self.occurrence, self.path, self.at)

    @property
    def path(self) -> bytes:
        """The path, relative to the root."""
        return self.opened.tree.index.path(self.node)

    @property
    def previous(self) -> "FileRevision | None":
        """The revision before this one, or None if this is the first."""
        index, found = self.opened.tree.index, self.occurrence - 1
        while found >= index.firsts[self.node] and index.rows[found] == GONE:
            found -= 1
        return (
            FileRevision(self.opened, self.node, found, index.layers[found])
            if found >= index.firsts[self.node]
            else None
        )

    @property
    def removed_by(self) -> int | None:
        """The layer that removed it, or None if it was replaced or is in the final image."""
        index = self.opened.tree.index
        following = self.occurrence + 1
        is_removal = following < index.firsts[self.node + 1] and index.rows[following] == GONE
        return index.layers[following] if is_removal else None


def revisions_of(opened: LoadedImage, node: int) -> tuple[FileRevision, ...]:
    """Return every revision of a path, base first."""
    index = opened.tree.index
    return tuple(
        FileRevision(opened, node, occurrence, index.layers[occurrence])
        for occurrence in index.occurrences(node)
        if index.rows[occurrence] != GONE
    )


def revision_at(opened: LoadedImage, node: int, layer: int) -> FileRevision | None:
    """Return the revision after a layer, or the last one before it was removed; None if there never was one."""
    index, found = opened.tree.index, opened.tree.index.occurrence(node, layer)
    at = layer
    while found >= index.firsts[node] and index.rows[found] == GONE:
        found, at = found - 1, index.layers[found] - 1
    return FileRevision(opened, node, found, at) if found >= index.firsts[node] else None


class Shown(NamedTuple):
    """The content of a revision.

    ``file`` is the occurrence of the regular file whose bytes are shown, or None; ``why_not`` is then a sentence with
    the reason. ``leads_to`` is the node that a symlink leads to.
    """

    file: int | None
    why_not: str | None = None
    leads_to: int | None = None


def shown(revision: FileRevision) -> Shown:
    """Return the content; links are followed, inside the image only."""
    entry = revision.entry
    linked = revision.opened.tree.linked(revision.occurrence)
    if linked >= 0 and revision.opened.tree.kind(linked) is Kind.SYMLINK:
        return _through_link(revision, revision.opened.tree.entry_of(linked, revision.node))
    file = _bytes_of(revision.opened, revision.occurrence)
    if file is not None:
        return Shown(file)
    return Shown(None, f"This is {_without_bytes(entry)}.")


def _through_link(revision: FileRevision, entry: FileEntry) -> Shown:
    opened = revision.opened
    node = followed(opened.tree, revision.at, entry.path)
    if node is None:
        target = printable_name(entry.link or b"") or "nothing"
        return Shown(None, f"This symlink to {target} leads nowhere after layer {revision.at}.")
    occurrence = opened.tree.index.occurrence(node, revision.at)
    file = _bytes_of(opened, occurrence)
    if file is not None:
        return Shown(file, leads_to=node)
    found = opened.tree.entry_of(occurrence, node)
    return Shown(None, f"This symlink leads to /{printable_name(found.path)}, {_without_bytes(found)}.", node)


def _bytes_of(opened: LoadedImage, occurrence: int) -> int | None:
    """Return the non-empty regular file whose bytes an occurrence shows."""
    file = opened.contents.file(occurrence)
    return file if file is not None and opened.contents.size(file) else None


def _without_bytes(entry: FileEntry) -> str:
    """Return a description of an entry without bytes."""
    if entry.kind is Kind.HARDLINK:
        return f"a hard link to /{printable_name(entry.link or b'')}, which is empty or missing"
    kind = _NOT_FILES.get(entry.kind, "an empty file")
    numbers = " ({}, {})".format(*entry.device or (0, 0)) if entry.kind in DEVICES else ""
    return f"{kind}{numbers}, which has no content" if numbers or entry.kind is Kind.FIFO else kind


def file_at(loaded: LoadedImage, path: str, layer: int) -> int:
    """Return the occurrence of the regular file that a path leads to after the layer, through links of all kinds.

    Raises UsageError if there is none, or if it is not a regular file; it names the layers that hold the path.
    """
    tree = loaded.tree
    nodes = (followed(tree, layer, candidate) for candidate in typed_paths(path))
    node = next((node for node in nodes if node is not None), None)
    if node is None:
        # this raises, except for a link that leads nowhere
        node = present_node(loaded, path, layer)
    occurrence = tree.index.occurrence(node, layer)
    found, name = tree.linked(occurrence), printable_path(tree.index.path(node))
    if found < 0:
        raise UsageError(f"{name} is a hard link whose target is not in the image")
    kind = tree.kind(found)
    if kind is Kind.SYMLINK:
        target = printable_name(tree.entry_of(found, node).link or b"")
        raise UsageError(f"{name} is a symlink to {target}, and leads nowhere after layer {layer}")
    if kind in _NOT_FILES:
        way_out = ": layerscope tree lists it, layerscope extract writes it" if kind is Kind.DIR else ""
        raise UsageError(f"{name} is {_NOT_FILES[kind]}, and has no content{way_out}")
    file = tree.file_behind(occurrence)
    if file < 0:
        raise UsageError(f"{name} is a hard link whose target is not in the image")
    return file


def whole_chunks(loaded: LoadedImage, file: int, path: str) -> Iterator[bytes]:
    """Yield the bytes of a file, whose path the user named; raises InvalidLayer, which names it, if some are unsure."""
    number = loaded.tree.index.layers[file]
    subject = f"{printable_name(path)} cannot be read whole from layer {number}"
    try:
        yield from loaded.contents.chunks(file)
    except FormatError as error:
        raise InvalidLayer(f"{subject}: {error}") from error
    problem = loaded.tallies.layers[number].error
    if problem is not None and loaded.image.layers[number - 1].compression is not Compression.NONE:
        # the checksum of a compressed layer is at its end, so these bytes were never verified
        raise InvalidLayer(f"{subject}: {problem}")
