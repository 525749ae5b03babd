"""A package, and what a reader of package databases is."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from layerscope.analysis.packages.final_files import FinalFiles


class Package(NamedTuple):
    """A package as its database states it, with relative paths; if it ``owns_folders``, all below them is its own."""

    manager: str
    name: str
    version: str
    paths: tuple[bytes, ...] = ()
    owns_folders: bool = False


class PackageManager(NamedTuple):
    """A kind of package: its name, and how to find those that the final image holds."""

    name: str
    find: Callable[[FinalFiles], Iterable[Package]]
