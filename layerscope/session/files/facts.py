"""Facts that the explorer shows beside the files of an image: packages, the SBOM, secrets."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from layerscope.analysis.advice.secrets import Secret, find_secrets
from layerscope.analysis.packages.final_files import FinalFiles
from layerscope.analysis.packages.package import Package
from layerscope.analysis.packages.sbom import SbomComparison, compare_sbom
from layerscope.analysis.packages.sizes import package_sizes
from layerscope.analysis.size.live import live_files
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.tally import Tallies
from layerscope.session.content.open_layers import OpenLayers
from layerscope.session.loaded_image import LoadedImage, loaded_image


class FileFacts(NamedTuple):
    """The package of each node that one owns in the final image, and the secrets of all layers.

    ``sbom`` compares the SBOM of the image with its packages; None without one.
    """

    packages: Mapping[int, Package]
    secrets: Sequence[Secret]
    sbom: SbomComparison | None


def file_facts(loaded: LoadedImage) -> FileFacts:
    """Return the facts about an image; reads package databases and the start of files that may hold a secret."""
    read = loaded.contents.prefixes
    secrets = find_secrets(loaded.tree, read)
    live = live_files(loaded.tree)
    sizes = package_sizes(FinalFiles(loaded.tree, live, read)).packages
    owners = {live.nodes[position]: owned.package for owned in sizes for position in owned.positions}
    stated = loaded.image.attestations.sbom_packages
    sbom = None if stated is None else compare_sbom(stated, [owned.package for owned in sizes])
    return FileFacts(owners, secrets, sbom)


def facts_of_layers(layers: OpenLayers, tree: LayeredTree, tallies: Tallies) -> FileFacts:
    """Return the facts about an image whose layers another process has read, as `file_facts` does."""
    return file_facts(loaded_image(layers, tree, tallies))
