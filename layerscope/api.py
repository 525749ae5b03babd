"""The Python API: an open image, and the differences between two.

It has no rules of its own: the session opens and reads the image, and what is returned are the rows of the JSON
documents, whose fields ``layerscope schema`` describes.
"""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import cached_property
from weakref import finalize

from msgspec.structs import asdict

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.tally import Tallies
from layerscope.cache.cache import Cache
from layerscope.comparison.compare import compare_images, history_of
from layerscope.comparison.filtered import ALL_CHANGES, FilteredComparison
from layerscope.errors import LayerscopeError, UsageError
from layerscope.model.engine import Engine
from layerscope.report.diff.document import (
    AlignedPart,
    ConfigChangePart,
    DiffDocument,
    PackageChangePart,
    diff_document,
)
from layerscope.report.diff.document import ChangePart as Change
from layerscope.report.history import EventPart as Event
from layerscope.report.history import event_part
from layerscope.report.layers import ConfigPart, ImagePart, LayersDocument, layers_document
from layerscope.report.layers import LayerPart as Layer
from layerscope.report.layers import StepPart as Step
from layerscope.report.tree import TreeEntryPart as Entry
from layerscope.report.tree import entry_row, tree_entries
from layerscope.report.tree_rows import TreeSelection
from layerscope.report.why import AdvicePart as Advice
from layerscope.report.why import DeadPart as DeadFile
from layerscope.report.why import WhyDocument, why_document
from layerscope.session.dockerfile.lines import known_dockerfile
from layerscope.session.files.revision import file_at, whole_chunks
from layerscope.session.image_session import ImageSession
from layerscope.session.loaded_image import LoadedImage, known_node, layer_number, present_node
from layerscope.session.open import open_image
from layerscope.session.size.analysis import size_analysis
from layerscope.text import path_text, printable_name

__all__ = [
    "Advice",
    "Change",
    "DeadFile",
    "Entry",
    "Event",
    "ImageDifferences",
    "ImageTree",
    "Layer",
    "LayerscopeError",
    "OpenImage",
    "Step",
    "compare",
    "open",
]

_PRESENT = frozenset({ChangeKind.UNCHANGED, ChangeKind.ADDED, ChangeKind.MODIFIED})


def open(  # noqa: A001  # as `tarfile.open` is
    reference: str | os.PathLike[str],
    *,
    image: str | None = None,
    platform: str | None = None,
    engine: str | None = None,
    cache: bool = True,
) -> "OpenImage":
    """Open an image: an archive, a folder, or any other reference that the command line takes.

    ``image`` is the tag or digest and ``platform`` the platform of one of several; ``engine`` is docker, podman or
    containerd. Without the ``cache``, everything is read again, and nothing is kept for the next time. Raises
    LayerscopeError if there is no such image, or if it cannot be opened.
    """
    if engine is not None and engine not in list(Engine):
        raise UsageError(f"there is no engine {printable_name(engine)}: there are {', '.join(Engine)}")
    chosen = None if engine is None else Engine(engine)
    session = open_image(os.fspath(reference), image, platform, engine=chosen, cache=Cache() if cache else None)
    return OpenImage(session)


class OpenImage(AbstractContextManager["OpenImage"]):
    """An open image. Its layers are read when something first needs them.

    Temporary files are removed at the end of a ``with`` block, by `close`, or else once the image is not used any more.
    Layers and files that cannot be read raise LayerscopeError; a layer that is broken has an ``error`` instead.
    """

    def __init__(self, session: ImageSession) -> None:
        self._opened = session
        self._close = finalize(self, session.close)

    def close(self) -> None:
        """Remove temporary files. What was not read cannot be read any more."""
        self._close()

    def __exit__(self, *_exit: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._opened.image.reference!r}>"

    @property
    def _session(self) -> ImageSession:
        if not self._close.alive:
            raise UsageError(f"{printable_name(self._opened.image.reference)} has been closed")
        return self._opened

    @cached_property
    def _described(self) -> LayersDocument:
        """The document with what is known before a layer is read."""
        return layers_document(self._session.image, Tallies())

    @cached_property
    def _listed(self) -> LayersDocument:
        return layers_document(self._session.image, self._session.tallies)

    @property
    def config(self) -> ConfigPart:
        """The defaults for a container: env, cmd, entrypoint, user, workdir, labels, ports, volumes."""
        return self._described.image.config

    @property
    def steps(self) -> list[Step]:
        """The lines of the history in build order, each with the number of the layer that it made, or None."""
        return self._described.steps

    @property
    def layers(self) -> list[Layer]:
        """The layers, from the base up: layer 1 is ``layers[0]``."""
        return self._listed.layers

    @property
    def details(self) -> ImagePart:
        """The image as a whole: reference, tags, platform, digests, time, sizes, warnings."""
        return self._listed.image

    @property
    def dead_size(self) -> int | None:
        """The bytes of all dead files; None if a layer could not be read."""
        return self._session.tallies.dead_size

    @cached_property
    def why(self) -> WhyDocument:
        """The size analysis; on first use, it reads files of the same size."""
        session = self._session
        return why_document(size_analysis(session, None, known_dockerfile(session.image, None, session.build)))

    @property
    def dead(self) -> list[DeadFile]:
        """The files that a later layer deleted or overwrote, and that the image still holds, sorted by path."""
        return self.why.dead.entries

    @property
    def advice(self) -> list[Advice]:
        """The advice for the Dockerfile, the largest saving first."""
        return self.why.advice

    def tree(self, layer: int | None = None) -> "ImageTree":
        """Return the files after a layer, by default the last one."""
        return ImageTree(self._session.load(), layer_number(self._session.image, layer))

    def changes(self, layer: int) -> Iterator[Entry]:
        """Yield what a layer added, modified or removed, sorted by path; of a removed path what it was."""
        number = layer_number(self._session.image, layer)
        writable = self._session.image.layers[number - 1].writable
        return tree_entries(self._session.load().tree, TreeSelection(number, ALL_CHANGES, writable=writable))

    def history(self, path: str) -> list[Event]:
        """Return what each layer did to a path, from the base up."""
        node = known_node(self._session.load(), path, len(self._session.image.layers))
        return [event_part(self._session.image, event) for event in history_of(self._session.load(), node)]

    def read(self, path: str, layer: int | None = None) -> bytes:
        """Return the bytes of a file after a layer, by default the last one; links are followed."""
        return b"".join(self.chunks(path, layer))

    def chunks(self, path: str, layer: int | None = None) -> Iterator[bytes]:
        """Return the bytes of a file in parts, for one that is too large to be in memory."""
        loaded = self._session.load()
        return whole_chunks(loaded, file_at(loaded, path, layer_number(loaded.image, layer)), path)

    def compare(self, new: "OpenImage") -> "ImageDifferences":
        """Compare this image with a newer one."""
        comparison = compare_images(self._session.load(), new._session.load())  # noqa: SLF001  # of the same class
        return ImageDifferences(**asdict(diff_document(FilteredComparison(comparison))))


class ImageTree:
    """The files after a layer: ``for entry in tree``, ``tree["/etc/hosts"]``, ``"/etc/hosts" in tree``, ``len(tree)``.

    They are in columns, and only entries that are asked for become objects. Entries come sorted by path.
    """

    def __init__(self, loaded: LoadedImage, layer: int) -> None:
        self._loaded = loaded
        self._selection = TreeSelection(layer, _PRESENT)

    def __iter__(self) -> Iterator[Entry]:
        return tree_entries(self._loaded.tree, self._selection)

    def __len__(self) -> int:
        return sum(1 for _ in self._selection.preorder(self._loaded.tree))

    def __getitem__(self, path: str) -> Entry:
        """Return an entry; raises LayerscopeError, which names the layers that hold the path, if there is none.

        Folders that are symlinks are followed.
        """
        node = present_node(self._loaded, path, self._selection.layer)
        return entry_row(self._loaded.tree, self._selection, node, path_text(self._loaded.tree.index.path(node)))

    def get(self, path: str) -> Entry | None:
        """Return an entry, or None if there is none."""
        try:
            return self[path]
        except UsageError:
            return None

    def __contains__(self, path: str) -> bool:
        return self.get(path) is not None


class ImageDifferences(DiffDocument, kw_only=True):
    """The differences between two images: the ``diff`` document, with what it always has of two images."""

    pull_size: int | None
    layers: list[AlignedPart]
    config: list[ConfigChangePart]
    packages: list[PackageChangePart]


def compare(old: OpenImage | str | os.PathLike[str], new: OpenImage | str | os.PathLike[str]) -> ImageDifferences:
    """Compare two images, which are open, or are opened for this."""
    sides = [side if isinstance(side, OpenImage) else open(side) for side in (old, new)]
    return sides[0].compare(sides[1])
