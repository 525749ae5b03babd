"""A package, and the interface of a package database."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from layerscope.analysis.packages.final_files import FinalFiles


class Package(NamedTuple):
    """A package as its database states it, with relative paths; if it ``owns_folders``, also all files below them."""

    manager: str
    name: str
    version: str
    paths: tuple[bytes, ...] = ()
    owns_folders: bool = False


class PackageManager(NamedTuple):
    """A kind of package: its name, the type of its package URLs, and the function that finds those of the image.

    Two names are of one package if their ``canonical_name`` is the same.
    """

    name: str
    url_type: str
    find: Callable[[FinalFiles], Iterable[Package]]
    canonical_name: Callable[[str], str] = str
