"""Dead files grouped by the one instruction whose change would save them."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

from layerscope.analysis.advice.advice import Evidence
from layerscope.analysis.size.dead import DeadEntry, DeadReason


@dataclass(slots=True)
class DeadFiles:
    """Dead files, with all earlier copies of them in ``files``, that a change to the instruction of ``layer`` saves.

    ``layer`` is the one that wrote them first or, if ``at_hiding_layer``, the one that hid them.
    """

    layer: int
    at_hiding_layer: bool
    entries: list[DeadEntry] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    size: int = 0

    @property
    def reasons(self) -> set[DeadReason | None]:
        return {entry.reason for entry in self.entries}

    @property
    def hiding_layers(self) -> list[int]:
        return [entry.hidden_by for entry in self.entries]

    @property
    def main_hiding_layer(self) -> int:
        """The layer that hid most of their bytes."""
        sizes: dict[int, int] = {}
        for entry in self.entries:
            sizes[entry.hidden_by] = sizes.get(entry.hidden_by, 0) + entry.size
        return max(sizes, key=sizes.__getitem__)

    def writers(self, evidence: Evidence) -> list[int]:
        """Return the layers that wrote them first."""
        return [evidence.origin(entry.occurrence) for entry in self.entries]


def by_instruction(evidence: Evidence, entries: Collection[DeadEntry]) -> Iterator[DeadFiles]:
    """Yield dead files by the layer that wrote them first and, if that saves too little, by the layer that hid them.

    Many layers may each write a few files that one layer deletes: no writer is worth advice then, but the layer that
    deletes them is.
    """
    small: list[DeadEntry] = []
    for group in _grouped(evidence, entries, lambda entry: evidence.origin(entry.occurrence), at_hiding_layer=False):
        if evidence.matters(group.size):
            yield group
        else:
            small += group.entries
    yield from _grouped(evidence, small, lambda entry: entry.hidden_by, at_hiding_layer=True)


def _grouped(
    evidence: Evidence, entries: Iterable[DeadEntry], layer_of: Callable[[DeadEntry], int], *, at_hiding_layer: bool
) -> Iterator[DeadFiles]:
    by_file = {entry.occurrence: entry for entry in entries}
    groups: dict[int, DeadFiles] = {}
    for file, copy in evidence.with_copies(by_file):
        entry = by_file.get(copy, by_file[file])
        layer = layer_of(entry)
        group = groups.setdefault(layer, DeadFiles(layer, at_hiding_layer))
        if copy in by_file:
            group.entries.append(entry)
        group.files.append(copy)
        group.size += evidence.tree.own_size(copy)
    yield from groups.values()
