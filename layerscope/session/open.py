"""One opened image: the only door for both faces."""

from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.errors import UsageError
from layerscope.model.candidate import Candidate
from layerscope.model.image import Image
from layerscope.model.progress import Progress
from layerscope.session.reading.stack import LayerStack, Tallies
from layerscope.sources.open import OpenedSource, open_source
from layerscope.text import plural

if TYPE_CHECKING:
    from layerscope.session.content.contents import Contents
    from layerscope.session.reading.background import BackgroundReader
    from layerscope.session.size.report import SizeReport
    from layerscope.sources.layer.random_access import RandomContents


class ImageSession:
    """An image, and what was computed of it, once. A context manager: closing it removes temporary files."""

    def __init__(self, image: Image, source: OpenedSource) -> None:
        self.image = image
        self._source = source

    @cached_property
    def _stack(self) -> LayerStack:
        from layerscope.session.reading.in_process import read_layers  # noqa: PLC0415  # the explorer reads in another process

        stack = LayerStack()
        for number, entries in read_layers(self.image.layers):
            stack.apply(number, entries)
        return stack

    @cached_property
    def tallies(self) -> Tallies:
        """What each layer came to; reads the layers when first asked."""
        return self._stack.tallies()

    @cached_property
    def tree(self) -> LayeredTree:
        """All layers as one tree; reads the layers when first asked."""
        # the stack is let go: it holds every path once more
        self.tallies  # noqa: B018  # remembered before that
        tree = self._stack.tree()
        del self._stack
        return tree

    @cached_property
    def contents(self) -> "Contents":
        """What the files hold, over the tree that this process read itself."""
        return self.contents_of(self.tree)

    def contents_of(self, tree: LayeredTree) -> "Contents":
        """Return what the files hold, over a tree of this image that was read elsewhere; close nothing of it."""
        from layerscope.session.content.contents import Contents  # noqa: PLC0415  # hashlib, that a listing does without

        return Contents(self.image, tree, self._opened)

    @cached_property
    def _opened(self) -> "RandomContents":
        from layerscope.sources.layer.random_access import RandomContents  # noqa: PLC0415  # threads, temporary files

        return RandomContents()

    @cached_property
    def why(self) -> "SizeReport":
        """Which layer made the image large, and what to change; reads the layers and some content when first asked."""
        from layerscope.session.size.report import size_report  # noqa: PLC0415  # the rules, that a listing does without

        return size_report(self.image, self.tree, self.tallies, self.contents)

    def read_in_background(self, first: int) -> "BackgroundReader":
        """Start to read the layers beside this process, the layer ``first`` before the others."""
        from layerscope.session.reading.background import BackgroundReader  # noqa: PLC0415  # processes

        return BackgroundReader(self.image.layers, first)

    def layer_number(self, number: int | None) -> int:
        """Return the number of a layer, by default of the last; raises UsageError where there is no such layer."""
        count = len(self.image.layers)
        if number is None:
            return count
        if not 1 <= number <= count:
            raise UsageError(f"{self.image.reference} has no layer {number}: it has {plural(count, 'layer')}")
        return number

    def close(self) -> None:
        """Remove temporary files; no layer can be read any more."""
        if "_opened" in self.__dict__:
            self._opened.close()
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def open_image(
    reference: str, image: str | None = None, platform: str | None = None, progress: Progress | None = None
) -> ImageSession:
    """Open the image that is meant; raises LayerscopeError, AmbiguousImage where that cannot be told."""
    source = open_source(reference, progress=progress)
    try:
        return ImageSession(source.choose(image, platform), source)
    except BaseException:
        source.close()
        raise


def open_choice(source: OpenedSource, choice: Candidate) -> ImageSession:
    """Open the image that a user chose among the ``choices`` of a source; the session then owns the source."""
    return ImageSession(choice.build(), source)
