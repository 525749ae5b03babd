"""The search for a text in names or, if it has a slash, in paths."""

from collections.abc import Iterator
from itertools import compress

from msgspec import Struct

from layerscope.analysis.search.name_marks import NamePart, name_marks, searched_names
from layerscope.analysis.tree.marks import both, either, marked
from layerscope.analysis.tree.path_index import PathIndex


class TextSearch(Struct, frozen=True):
    """The names that a text with a slash consists of; a text without one is a part of a name.

    A path holds what the path of its folder holds. So the text matches the nodes whose names have the last part, in
    folders whose names have the others, and all that is ``below`` them. Of a text that ends with a slash, the folders
    do not match ``themselves``.
    """

    parts: tuple[NamePart, ...]
    ignore_case: bool
    below: bool = False
    themselves: bool = True

    def marks(self, index: PathIndex) -> Iterator[bytes]:
        """Yield the marks of all nodes that match, in batches."""
        yield b"\0"
        folders = [bytearray(len(index)) for _ in self.parts[1:]]
        below = bytearray(len(index) if self.below else 0)
        for nodes, names in searched_names(index, ignore_case=self.ignore_case):
            marks = name_marks(names, len(nodes), self.parts[:1])
            for above, part in zip(folders, self.parts[1:], strict=True):
                above[nodes.start : nodes.stop] = marks
                marks = _in_folders(index, nodes, above, name_marks(names, len(nodes), [part]))
            if self.below:
                index.mark_below(both(marks, index.folder_marks(nodes)), nodes.start, below)
                others = bytes(below[nodes.start : nodes.stop])
                marks = either(marks, others) if self.themselves else others
            yield marks


def text_search(text: bytes, *, ignore_case: bool) -> TextSearch:
    """Return the search for a text."""
    first, *others = text.split(b"/")
    if not others:
        return TextSearch((NamePart(first),), ignore_case)
    *middle, last = others
    parts = [NamePart(first, end=True)] if first else []
    parts += [NamePart(name, start=True, end=True) for name in middle]
    parts += [NamePart(last, start=True)] if last else []
    return TextSearch(tuple(parts), ignore_case, below=True, themselves=bool(last or not parts))


def _in_folders(index: PathIndex, nodes: range, folders: bytearray, marks: bytes) -> bytes:
    """Return the marks of nodes that are directly in a marked folder."""
    parents = compress(index.parents[nodes.start : nodes.stop], marks)
    return marked(nodes, compress(compress(nodes, marks), map(folders.__getitem__, parents)))
