"""What makes an image heavy, in the views that a user walks through; each is computed once, when first asked for."""

from functools import cached_property
from typing import TYPE_CHECKING

from layerscope.analysis.file_types.sizes import FileTypes, TypesByPath, file_types, types_by_path, types_wanted
from layerscope.analysis.packages.final_files import FinalFiles
from layerscope.analysis.packages.sizes import PackageSizes, package_sizes, packages_wanted
from layerscope.analysis.size.base_image import BaseImage
from layerscope.analysis.size.directories import DirectorySizes
from layerscope.analysis.size.live import LiveFiles, live_files
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.image import Image
from layerscope.session.content.contents import Contents
from layerscope.session.reading.stack import Tallies
from layerscope.session.size.report import SizeReport, size_report
from layerscope.sources.magic import mime_type

if TYPE_CHECKING:
    from layerscope.session.open import ImageSession


class SizeAnalysis:
    """The answers for one image whose layers have all been read; ``base`` is what the user says of its base."""

    def __init__(
        self, image: Image, tree: LayeredTree, tallies: Tallies, contents: Contents, base: BaseImage | None = None
    ) -> None:
        self.image = image
        self.tree = tree
        self.tallies = tallies
        self._contents = contents
        self._base = base

    @cached_property
    def why(self) -> SizeReport:
        """Layers, biggest files, dead bytes, duplicates, advice."""
        wanted = (types_wanted(self._live, self._types_by_path), packages_wanted(self.tree, self._live))
        return size_report(
            self.image, self.tree, self.tallies, self._contents, self._base, live=self._live, wanted=wanted
        )

    @cached_property
    def _live(self) -> LiveFiles:
        return live_files(self.tree)

    @cached_property
    def _types_by_path(self) -> TypesByPath:
        return types_by_path(self.tree, self._live)

    @cached_property
    def directories(self) -> DirectorySizes:
        """What is live and dead below each directory."""
        return DirectorySizes(self.tree, self._live, self.why.dead)

    @cached_property
    def types(self) -> FileTypes:
        """What files of each type weigh."""
        return file_types(self._live, self._types_by_path, self.why.prefixes, mime_type)

    @cached_property
    def packages(self) -> PackageSizes:
        """What each package weighs."""
        return package_sizes(FinalFiles(self.tree, self._live, self.why.prefixes))


def analyze_size(session: "ImageSession", base: BaseImage | None = None) -> SizeAnalysis:
    """Return the answers for an opened image; it reads the layers."""
    return SizeAnalysis(session.image, session.tree, session.tallies, session.contents, base)
