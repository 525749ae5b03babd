"""The size analysis of an image in several views, each computed once, on first use."""

from functools import cached_property
from typing import TYPE_CHECKING

from layerscope.analysis.advice.rules import RULE_NEEDS
from layerscope.analysis.dockerfile.placed import PlacedDockerfile
from layerscope.analysis.file_types.sizes import (
    FileTypes,
    TypesByPath,
    file_types,
    types_by_path,
    types_need,
)
from layerscope.analysis.packages.final_files import FinalFiles
from layerscope.analysis.packages.sbom import SbomComparison
from layerscope.analysis.packages.sizes import PACKAGES, PackageSizes, package_sizes
from layerscope.analysis.size.base_image import BaseImage
from layerscope.analysis.size.directories import DirectorySizes
from layerscope.analysis.size.live import LiveFiles, live_files
from layerscope.session.files.packages import ImagePackages, packages_by_layer, sbom_of
from layerscope.session.loaded_image import LoadedImage
from layerscope.session.reading.layer_reading import needs_of
from layerscope.session.size.report import SizeReport, size_report
from layerscope.sources.magic import mime_type
from layerscope.text import printable_name

if TYPE_CHECKING:
    from layerscope.session.image_session import ImageSession


class SizeAnalysis:
    """The size analysis of a loaded image; ``base`` is the base image that the user names.

    ``dockerfile`` is that of the image, if it is known.
    """

    def __init__(
        self, loaded: LoadedImage, base: BaseImage | None = None, dockerfile: PlacedDockerfile | None = None
    ) -> None:
        self.dockerfile = dockerfile
        self.loaded = loaded
        self.image = loaded.image
        self.tree = loaded.tree
        self.tallies = loaded.tallies
        self._base = base

    def layer_words(self, layer: int) -> str:
        """Return a layer in words, with its line if the Dockerfile is known: ``layer 2 (Dockerfile:10)``."""
        position = self.dockerfile.position(layer) if self.dockerfile else None
        return f"layer {layer} ({printable_name(position)})" if position else f"layer {layer}"

    @cached_property
    def report(self) -> SizeReport:
        """Layers, biggest files, dead bytes, duplicates, advice."""
        needs = (types_need(lambda _tree, _live: self._types_by_path), PACKAGES)
        return size_report(self.loaded, self._base, live=self._live, needs=needs)

    @cached_property
    def _live(self) -> LiveFiles:
        return live_files(self.tree)

    @cached_property
    def _types_by_path(self) -> TypesByPath:
        return types_by_path(self.tree, self._live)

    @cached_property
    def directories(self) -> DirectorySizes:
        return DirectorySizes(self.tree, self._live, self.report.dead)

    @cached_property
    def types(self) -> FileTypes:
        return file_types(self._live, self._types_by_path, self.report.prefixes, mime_type)

    @cached_property
    def packages(self) -> PackageSizes:
        return package_sizes(FinalFiles(self.tree, self._live, self.report.prefixes))

    @cached_property
    def packages_by_layer(self) -> ImagePackages:
        """The packages with the layers that brought them, and what each layer did to them."""
        return packages_by_layer(self.loaded, self.packages, len(self.image.layers), self.sbom)

    @cached_property
    def sbom(self) -> SbomComparison | None:
        """The differences between the image and its SBOM; None without one."""
        return sbom_of(self.image, self.packages)


def size_analysis(
    session: "ImageSession", base: BaseImage | None = None, dockerfile: PlacedDockerfile | None = None
) -> SizeAnalysis:
    """Read the layers, and return the size analysis; what it needs of compressed layers is taken in the same pass."""
    loaded = session.load(needs_of((types_need(), PACKAGES, *RULE_NEEDS)), compares_files=True)
    return SizeAnalysis(loaded, base, dockerfile)
