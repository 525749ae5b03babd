"""The packages of an image: their sizes, the layers that brought them, and how its SBOM agrees with them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from layerscope.analysis.advice.secrets import Secret, find_secrets
from layerscope.analysis.packages.by_layer import PackageEvent, package_history
from layerscope.analysis.packages.final_files import FinalFiles
from layerscope.analysis.packages.package import Package
from layerscope.analysis.packages.sbom import SbomComparison, compare_sbom
from layerscope.analysis.packages.sizes import PACKAGES, PackageSize, PackageSizes, package_sizes
from layerscope.analysis.size.live import live_files
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.tally import Tallies
from layerscope.model.content_facts import ContentNeeds
from layerscope.model.image import Image
from layerscope.session.content.open_layers import OpenLayers
from layerscope.session.image_session import ImageSession
from layerscope.session.loaded_image import LoadedImage, layer_number, loaded_image
from layerscope.sources.tar.content_taker import HashedSizes


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
    sbom = sbom_of(loaded.image, sizes) if last == len(loaded.image.layers) else None
    return packages_by_layer(loaded, sizes, last, sbom)


def sbom_of(image: Image, sizes: PackageSizes) -> SbomComparison | None:
    """Return the differences between the SBOM of an image and its packages; None without one."""
    stated = image.attestations.sbom_packages
    return None if stated is None else compare_sbom(stated, [each.package for each in sizes.packages])


def packages_by_layer(
    loaded: LoadedImage, sizes: PackageSizes, layer: int, sbom: SbomComparison | None
) -> ImagePackages:
    """Return the packages after a layer, given their sizes, with what the layers up to it did to them."""
    history = package_history(loaded.tree, loaded.contents.prefixes, layer)
    layers = [history.layers.get((each.package.manager, each.package.identity)) for each in sizes.packages]
    unread = tuple(dict.fromkeys((*sizes.unread, *history.unread)))
    return ImagePackages(layer, sizes.packages, layers, history.events, unread, sbom)


class FileFacts(NamedTuple):
    """The facts that the explorer shows beside files: the package of each node that one owns, and all secrets.

    The packages are those of the final image, the secrets those of all layers. ``sbom`` is None without an SBOM.
    """

    packages: Mapping[int, Package]
    secrets: Sequence[Secret]
    sbom: SbomComparison | None


def file_facts(layers: OpenLayers, tree: LayeredTree, tallies: Tallies) -> FileFacts:
    """Return the facts about an image whose layers another process has read.

    Reads package databases and the start of files that may hold a secret.
    """
    read, live = loaded_image(layers, tree, tallies).contents.prefixes, live_files(tree)
    secrets, sizes = find_secrets(tree, read), package_sizes(FinalFiles(tree, live, read))
    owners = {live.nodes[position]: owned.package for owned in sizes.packages for position in owned.positions}
    return FileFacts(owners, secrets, sbom_of(layers.image, sizes))
