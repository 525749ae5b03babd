"""Facts that the explorer shows beside the files of an image: the packages that own them, and the secrets."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

from layerscope.analysis.advice.secrets import Secret, find_secrets
from layerscope.analysis.packages.final_files import FinalFiles
from layerscope.analysis.packages.package import Package
from layerscope.analysis.packages.sizes import package_sizes
from layerscope.analysis.size.live import live_files
from layerscope.session.content.prefixes import read_prefixes
from layerscope.session.loaded_image import LoadedImage


class FileFacts(NamedTuple):
    """The package of each node that one owns in the final image, and the secrets of all layers."""

    packages: Mapping[int, Package]
    secrets: Sequence[Secret]


def file_facts(loaded: LoadedImage) -> FileFacts:
    """Return the facts about an image; reads package databases and the start of files that may hold a secret."""
    read = partial(read_prefixes, loaded)
    secrets = find_secrets(loaded.tree, read)
    live = live_files(loaded.tree)
    sizes = package_sizes(FinalFiles(loaded.tree, live, read)).packages
    return FileFacts({live.nodes[place]: owned.package for owned in sizes for place in owned.places}, secrets)
