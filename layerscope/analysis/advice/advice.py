"""A piece of advice, and what it is drawn from."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from layerscope.analysis.content import Prefixes
from layerscope.analysis.size.dead import DeadBytes
from layerscope.analysis.size.duplicates import Duplicate
from layerscope.analysis.size.live import LiveFiles
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.instruction import keyword_of

ENOUGH = 1_000_000
"""So many bytes are worth a word in any image."""

ENOUGH_SHARE = 100
"""In a small image, a part of one in so many is worth a word."""


Instructions = Mapping[int, str | None]
"""The instruction of each layer, where one is known."""


class AdviceKind(StrEnum):
    """What a piece of advice is about."""

    DELETED_LATER = "deleted-later"
    METADATA_COPY = "metadata-copy"
    REWRITTEN = "rewritten"
    PACKAGE_CACHE = "package-cache"
    RECOMMENDED_PACKAGES = "recommended-packages"
    BUILD_TOOLS = "build-tools"
    BYTECODE = "bytecode"
    VERSION_CONTROL = "version-control"
    CORE_DUMP = "core-dump"
    LOGS = "logs"
    DUPLICATES = "duplicates"


class Advice(NamedTuple):
    """What to change in the Dockerfile: ``layer`` is the one whose ``instruction`` to look at, ``saves`` counts bytes.

    ``text`` is one or two sentences; ``paths`` what was seen, the heaviest first; ``hidden_by`` the layer that hid it.
    """

    kind: AdviceKind
    layer: int
    instruction: str | None
    saves: int
    text: str
    paths: tuple[bytes, ...]
    hidden_by: int | None = None
    hidden_by_instruction: str | None = None


class Evidence(NamedTuple):
    """What advice is drawn from. ``total``: all content bytes; ``base_layers``: how many layers the base image has."""

    tree: LayeredTree
    live: LiveFiles
    dead: DeadBytes
    duplicates: tuple[Duplicate, ...]
    instructions: Instructions
    total: int
    prefixes: Prefixes
    base_layers: int = 0

    def matters(self, size: int) -> bool:
        """Tell whether so many bytes are worth a word in this image."""
        return size >= ENOUGH or 0 < self.total <= size * ENOUGH_SHARE

    def keyword(self, layer: int) -> str:
        """Return the keyword of the layer's instruction; an empty text for a layer of the base or one without."""
        return "" if layer <= self.base_layers else keyword_of(self.instructions.get(layer))

    def advice(
        self,
        kind: AdviceKind,
        layer: int,
        saves: int,
        text: str,
        paths: Iterable[bytes],
        *,
        hidden_by: int | None = None,
    ) -> Advice:
        """Return the advice with the instructions of its layers."""
        instruction = self.instructions.get(layer)
        hidden_by_instruction = None if hidden_by is None else self.instructions.get(hidden_by)
        return Advice(kind, layer, instruction, saves, text, tuple(paths), hidden_by, hidden_by_instruction)


Rule = Callable[[Evidence], Iterator[Advice]]
"""Looks for one kind of waste or risk."""
