"""The packages of an image: those after a layer with their sizes, and what each layer did to them."""

from collections.abc import Sequence
from typing import NamedTuple

from layerscope.analysis.packages.by_layer import PackageEvent, package_history
from layerscope.analysis.packages.final_files import FinalFiles
from layerscope.analysis.packages.sbom import SbomComparison, compare_sbom
from layerscope.analysis.packages.sizes import PACKAGES, PackageSize, PackageSizes, package_sizes
from layerscope.analysis.size.live import live_files
from layerscope.session.image_session import ImageSession
from layerscope.session.loaded_image import LoadedImage, layer_number
from layerscope.sources.tar.content_taker import ContentNeeds, HashedSizes


class ImagePackages(NamedTuple):
    """The packages after the ``layer``, largest first, with the layer that brought each, and the events up to it.

    ``unread`` databases were not read. ``sbom`` compares the SBOM of the image with its packages; None without one, and
    before the last layer.
    """

    layer: int
    packages: tuple[PackageSize, ...]
    layers: Sequence[int | None]
    events: tuple[PackageEvent, ...]
    unread: tuple[bytes, ...]
    sbom: SbomComparison | None

    @property
    def replaced(self) -> list[PackageEvent]:
        """The events that replaced or removed a version."""
        return [event for event in self.events if event.before is not None]


def packages_of(session: ImageSession, layer: int | None) -> ImagePackages:
    """Return the packages after a layer, by default the last; raises UsageError if there is no such layer.

    The databases are taken in the pass that lists the layers.
    """
    loaded = session.load(ContentNeeds(HashedSizes(0), PACKAGES.of_file))
    tree, last = loaded.tree, layer_number(loaded.image, layer)
    sizes = package_sizes(FinalFiles(tree, live_files(tree, last), loaded.contents.prefixes, last))
    stated = loaded.image.attestations.sbom_packages if last == len(loaded.image.layers) else None
    sbom = None if stated is None else compare_sbom(stated, [each.package for each in sizes.packages])
    return packages_by_layer(loaded, sizes, last, sbom)


def packages_by_layer(
    loaded: LoadedImage, sizes: PackageSizes, layer: int, sbom: SbomComparison | None
) -> ImagePackages:
    """Return the packages after a layer, given their sizes, with what the layers up to it did to them."""
    history = package_history(loaded.tree, loaded.contents.prefixes, layer)
    layers = [history.layers.get((each.package.manager, each.package.identity)) for each in sizes.packages]
    unread = tuple(dict.fromkeys((*sizes.unread, *history.unread)))
    return ImagePackages(layer, sizes.packages, layers, history.events, unread, sbom)
