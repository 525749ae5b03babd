"""A piece of advice, and the evidence that rules draw it from."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from layerscope.analysis.advice.edits import Edits, can_be_continued
from layerscope.analysis.content import ContentNeed, Prefixes
from layerscope.analysis.size.dead import DeadBytes, DeadEntry, DeadReason
from layerscope.analysis.size.duplicates import Duplicate
from layerscope.analysis.size.live import LiveFiles
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.instruction import keyword_of

_ENOUGH = 1_000_000
"""The bytes from which on a saving is worth advice in any image."""

_ENOUGH_SHARE = 100
"""In a small image, one hundredth of all bytes is worth advice."""


def is_worth_advice(size: int, total: int) -> bool:
    """Return whether a saving of ``size`` bytes is worth advice in an image of ``total`` bytes."""
    return size >= _ENOUGH or 0 < total <= size * _ENOUGH_SHARE


_COPIES = frozenset({DeadReason.METADATA_ONLY, DeadReason.IDENTICAL})


Instructions = Mapping[int, str | None]
"""The instruction of each layer, if it is known."""


class AdviceKind(StrEnum):
    """The subject of a piece of advice."""

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
    """A change to the Dockerfile: to the ``instruction`` of ``layer``, which ``saves`` bytes.

    ``cause`` names the waste in a few words, ``text`` says it in one or two sentences with the remedy; ``paths`` are
    what it is about, the largest first; ``hidden_by`` is the layer that hid most of it. ``files`` are the occurrences
    of the files that the change leaves out of the image: no two pieces of advice have one in common, so that their
    savings add up. ``edits`` are the remedy, where it can be said exactly: all of them together, at most one that adds
    to the end of each instruction.
    """

    kind: AdviceKind
    layer: int
    instruction: str | None
    saves: int
    cause: str
    text: str
    paths: tuple[bytes, ...]
    files: frozenset[int]
    hidden_by: int | None = None
    hidden_by_instruction: str | None = None
    edits: Edits = ()
    is_unused: bool = False
    """True if no instruction can have used the files before they were hidden."""


@dataclass(frozen=True)
class Evidence:
    """The facts that advice is drawn from.

    ``total`` counts all content bytes, ``base_layers`` the layers of the base image. ``claimed`` are the files that
    advice was given on: a rule leaves them alone.
    """

    tree: LayeredTree
    live: LiveFiles
    dead: DeadBytes
    duplicates: tuple[Duplicate, ...]
    instructions: Instructions
    total: int
    prefixes: Prefixes
    base_layers: int = 0
    claimed: set[int] = field(default_factory=set)

    def matters(self, size: int) -> bool:
        """Return whether a saving of ``size`` bytes is worth advice in this image."""
        return is_worth_advice(size, self.total)

    def keyword(self, layer: int) -> str:
        """Return the keyword of the layer's instruction; an empty text for a layer of the base or one without."""
        return "" if layer <= self.base_layers else keyword_of(self.instructions.get(layer))

    def run(self, layer: int) -> str | None:
        """Return the instruction of the layer if it is a RUN of this Dockerfile that can be continued."""
        instruction = self.instructions.get(layer)
        is_run = instruction is not None and self.keyword(layer) == "RUN" and can_be_continued(instruction)
        return instruction if is_run else None

    def unclaimed_dead(self, reasons: Collection[DeadReason]) -> Iterator[DeadEntry]:
        """Yield the dead files with one of the reasons that no advice was given on."""
        for entry in self.dead.entries:
            if entry.reason in reasons and entry.occurrence not in self.claimed:
                yield entry

    def with_copies(self, files: Iterable[int]) -> Iterator[tuple[int, int]]:
        """Yield each file with itself and with its earlier copies, each copy once, without those that were claimed.

        A copy is a file at the same path with the same bytes, which a later layer stored again: with another mode or
        owner, or unchanged. Without the first of them, none would be there.
        """
        counted: set[int] = set()
        for file in files:
            copy: int | None = file
            while copy is not None and copy not in counted:
                counted.add(copy)
                if copy not in self.claimed:
                    yield file, copy
                copy = self._earlier.get(copy)

    def origin(self, file: int) -> int:
        """Return the layer that wrote the first copy of a file."""
        copies, first = [file], file
        while first not in self._origins and (earlier := self._earlier.get(first)) is not None:
            copies.append(earlier)
            first = earlier
        layer = self._origins.get(first, self.tree.index.layers[first])
        self._origins.update(dict.fromkeys(copies, layer))
        return layer

    def hidden_by(self, file: int) -> int | None:
        return self._hiding_layers.get(file)

    @cached_property
    def _earlier(self) -> Mapping[int, int]:
        """The previous copy by the occurrence of a file that stores it again."""
        entries = (entry for entry in self.dead.entries if entry.reason in _COPIES)
        return {entry.hiding_occurrence: entry.occurrence for entry in entries}

    @cached_property
    def _origins(self) -> dict[int, int]:
        """The layers of first copies that are known already."""
        return {}

    @cached_property
    def _hiding_layers(self) -> Mapping[int, int]:
        return {entry.occurrence: entry.hidden_by for entry in self.dead.entries}

    def size(self, files: Iterable[int]) -> int:
        return sum(map(self.tree.own_size, files))

    def advice(
        self,
        kind: AdviceKind,
        layer: int,
        files: Iterable[int],
        *,
        cause: str,
        text: str,
        paths: Iterable[bytes],
        hidden_by: int | None = None,
        edits: Edits = (),
        is_unused: bool = False,
    ) -> Advice:
        """Return the advice to leave out files, with its saving and the instructions of its layers."""
        left_out = frozenset(files)
        return Advice(
            kind,
            layer,
            self.instructions.get(layer),
            self.size(left_out),
            cause,
            text,
            tuple(paths),
            left_out,
            hidden_by,
            None if hidden_by is None else self.instructions.get(hidden_by),
            edits,
            is_unused,
        )


class Rule(NamedTuple):
    """A rule that finds one kind of waste, whether its saving is worth advice or not; it reads what it needs."""

    find: Callable[[Evidence], Iterator[Advice]]
    need: ContentNeed | None = None
