"""The rows that depend on all layers of an image, where images that share their first layers share the work on these.

What later layers add beside the files of a shared base adds rows to those of the base, and is put together without it.
As soon as they touch what the base has, or may complete one of its packages, the whole image is put together.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import chain, repeat
from typing import NamedTuple

from layerscope.analysis.advice.secrets import SECRETS, find_secrets
from layerscope.analysis.content import ImageFiles, needed_of_image
from layerscope.analysis.packages.final_files import FinalFiles
from layerscope.analysis.packages.package import Package
from layerscope.analysis.packages.sizes import MANAGERS, PACKAGES, package_sizes
from layerscope.analysis.search.path_patterns import PathMatcher
from layerscope.analysis.size.dead import dead_bytes, rewritten_pairs
from layerscope.analysis.size.hidden import hidden_in_tree
from layerscope.analysis.size.live import live_files
from layerscope.analysis.tree.image_links import ImagePaths
from layerscope.model.entries import Kind, LayerEntries
from layerscope.session.content.content_equality import compare
from layerscope.session.content.open_layers import OpenLayers
from layerscope.session.files.packages import packages_by_layer
from layerscope.session.loaded_image import LoadedImage, loaded_image
from layerscope.session.reading.layer_reading import LayerStack, needs_of, read_layers
from layerscope.survey.schema import CONTENT_TABLES, Table

NEEDS = (PACKAGES, SECRETS)

Rows = Mapping[Table, Sequence[tuple[object, ...]]]
"""The rows of an image for some tables, without the image."""

_DATABASES = tuple(path for manager in MANAGERS for path in manager.databases if "*" not in path)
_PACKAGE_FILES = PathMatcher(PACKAGES.patterns or ())


def path_text(path: bytes) -> str:
    """Return a relative path as the tables have it."""
    return "/" + path.decode("utf-8", "backslashreplace")


class Content(NamedTuple):
    """Layers that were put together: their files after the last, their packages, and their rows.

    The rows of layers that are not ``whole`` may be incomplete.
    """

    rows: Rows
    whole: bool
    files: FinalFiles
    packages: Sequence[Package]


def read_content(layers: OpenLayers, numbers: range) -> Content:
    """Put some layers of an image together, which follow each other; raises as `OpenLayers.to_read` does."""
    stack = LayerStack()
    chosen = [layer for layer in layers.to_read() if layer.number in numbers]
    for number, entries in read_layers(chosen, layers.known, None, needs_of(NEEDS)):
        stack.apply(number, entries)
    return _content(loaded_image(layers, stack.tree(), stack.tallies()), numbers[-1])


def _content(loaded: LoadedImage, last: int) -> Content:
    """Return the packages, dead files and secrets, from one pass over what is not known of the content."""
    tree, prefixes = loaded.tree, loaded.contents.prefixes
    live, hidden = live_files(tree), hidden_in_tree(tree)
    needed = needed_of_image(NEEDS, ImageFiles(tree, live, {}))
    pairs = chain.from_iterable(rewritten_pairs(tree, hidden))
    dead = dead_bytes(tree, hidden, compare(loaded.contents.reader(), pairs, needed))
    files = FinalFiles(tree, live, prefixes, last)
    packages = packages_by_layer(loaded, package_sizes(files), last, None)
    rows: Rows = {
        Table.PACKAGES: [
            (layer, *each.package[:3], each.size)
            for each, layer in zip(packages.packages, packages.layers, strict=True)
        ],
        Table.DEAD: [
            (path_text(each.path), each.size, each.writer, each.hidden_by, each.reason and each.reason.value)
            for each in dead.entries
        ],
        Table.SECRETS: [
            (path_text(each.path), each.kind.value, each.layer, each.removed_in)
            for each in find_secrets(tree, prefixes)
        ],
    }
    return Content(rows, loaded.tallies.dead is not None, files, [each.package for each in packages.packages])


class SharedBase:
    """The first layers that several images share, and what layers on top must leave alone to have rows of their own.

    Additions to a tree leave its own rows as they are, unless they complete a package: a file that its list names and
    that the base does not hold, or a file in a folder that it owns. Paths that the base's symlinks lead to stay.
    """

    def __init__(self, content: Content, last: int) -> None:
        self.content = content
        self._tree = content.files.tree
        self._last = last

    def rows_with(self, layers: OpenLayers) -> Rows | None:
        """Return the rows of an image on this base, None if all of its layers have to be put together for them."""
        numbers = range(self._last + 1, len(layers.image.layers) + 1)
        if not numbers:
            return self.content.rows
        own = [layers.known.entries(layer) for layer in layers.image.layers[self._last :]]
        if not self.content.whole or any(each is None or self._concerns(each) for each in own):
            return None
        above = read_content(layers, numbers)
        return _joined(self.content.rows, above.rows) if above.whole else None

    def _concerns(self, entries: LayerEntries) -> bool:
        """Return whether a layer may change rows of the base, or needs it for its own."""
        hidden = chain((each.path for each in entries.whiteouts), (each.directory for each in entries.opaque_whiteouts))
        index, row = self._tree.index, 0
        if entries.error or any(index.find(path) is not None for path in hidden) or self._links(entries):
            return True
        for folder, joined in entries.paths.runs():
            names = joined.split(b"\0")
            if self._touches(folder, names, entries.table.kinds[row : row + len(names)]):
                return True
            row += len(names)
        return False

    def _links(self, entries: LayerEntries) -> bool:
        """Return whether a hard link of the layer may name a file of the base."""
        table = entries.table
        targets = (table.link(row) or b"" for row in table.link_rows if table.kinds[row] == Kind.HARDLINK)
        return any(self._tree.index.find(target) is not None for target in targets)

    def _touches(self, folder: bytes, names: Sequence[bytes], kinds: bytearray) -> bool:
        """Return whether files in a folder are, or may come, where the base or one of its packages has something."""
        parts, node = folder.split(b"/") if folder else [], 0
        while parts:
            child = self._tree.index.child(node, parts[0])
            if child is None:
                break
            node = child
            if not self._is_present_folder(node):
                return True
            del parts[0]
        if any(first <= node < end for first, end in self._owned):
            return True
        prefix = folder + b"/" if folder else b""
        if any(_PACKAGE_FILES.matches(prefix + name) for name in names):
            return True
        return (node, parts[0]) in self._missing if parts else any(map(self._is_taken, repeat(node), names, kinds))

    def _is_taken(self, folder: int, name: bytes, kind: int) -> bool:
        child = self._tree.index.child(folder, name)
        if child is None:
            return (folder, name) in self._missing
        return kind != Kind.DIR or not self._is_present_folder(child)

    def _is_present_folder(self, node: int) -> bool:
        return self._tree.is_present(node, self._last) and self._tree.is_directory(node, self._last)

    @cached_property
    def _owned(self) -> list[tuple[int, int]]:
        """The folders that packages own, each as the range of its nodes."""
        paths = (path for package in self.content.packages if package.owns_folders for path in package.paths)
        nodes = filter(None, map(self._paths.node, paths))
        return [(node, self._tree.index.ends[node]) for node in set(nodes)]

    @cached_property
    def _paths(self) -> ImagePaths:
        return ImagePaths(self._tree, self._last)

    @cached_property
    def _missing(self) -> set[tuple[int, bytes]]:
        """The folders of the base, each with a name that a path of a package needs there and that it does not hold."""
        packages, folders = self.content.packages, dict[bytes, tuple[int, bytes] | int]()
        whole = chain(map(str.encode, _DATABASES), *(each.paths for each in packages if each.owns_folders))
        missing = {gap for gap in map(self._paths.gap, whole) if gap is not None}
        for path in chain.from_iterable((*package.paths, *package.lists) for package in packages):
            folder, _, name = path.rpartition(b"/")
            if folder not in folders:
                folders[folder] = self._paths.gap(folder) or self._paths.node(folder) or 0
            found = folders[folder]
            if not isinstance(found, int):
                missing.add(found)
            elif self._tree.index.child(found, name) is None:
                missing.add((found, name))
        return missing


def _joined(base: Rows, own: Rows) -> Rows:
    return {table: [*base[table], *own[table]] for table in CONTENT_TABLES}
