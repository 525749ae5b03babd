"""The lines of a Dockerfile that the user thinks of merging or dropping."""

from enum import StrEnum

from layerscope.analysis.dockerfile.placed import PlacedDockerfile
from layerscope.analysis.size.what_if import Plan


class Mark(StrEnum):
    """An action on the layer of a line; ``MERGE`` joins it with the layer right below."""

    MERGE = "merge"
    DROP = "drop"


class LineMarks:
    """The marks by layer. Only the layers of the Dockerfile's own lines can have one."""

    def __init__(self, placed: PlacedDockerfile) -> None:
        self._placed = placed
        self._own = {layer for line, layers in placed.layers.items() if line != placed.base_line for layer in layers}
        self._marks: dict[int, Mark] = {}

    def __bool__(self) -> bool:
        return bool(self._marks)

    def mark(self, layer: int) -> Mark | None:
        """Return the mark of a layer."""
        return self._marks.get(layer)

    def layer_of(self, line: int) -> int | None:
        """Return the layer that the instruction of a line made and that can be marked."""
        instruction = self._placed.instructions.get(line)
        layers = self._placed.layers.get(instruction.line, ()) if instruction else ()
        return layers[-1] if layers and layers[-1] in self._own else None

    def cycle(self, layer: int) -> bool:
        """Give a layer the next mark that it can have, and none after the last one; return False if it can have none.

        A layer cannot be merged into one that is dropped: what both would hold together was never built.
        """
        marks = [
            None,
            *([Mark.MERGE] if self._can_merge(layer) else []),
            *([Mark.DROP] if self._can_drop(layer) else []),
        ]
        following = marks[(marks.index(self._marks.pop(layer, None)) + 1) % len(marks)]
        if following is not None:
            self._marks[layer] = following
        return len(marks) > 1

    def _can_merge(self, layer: int) -> bool:
        return layer - 1 in self._own and self._marks.get(layer - 1) is not Mark.DROP

    def _can_drop(self, layer: int) -> bool:
        return self._marks.get(layer + 1) is not Mark.MERGE

    @property
    def plan(self) -> Plan:
        """The plan that the marks make."""
        return Plan(self._marked(Mark.DROP), self._marked(Mark.MERGE))

    def _marked(self, mark: Mark) -> frozenset[int]:
        return frozenset(layer for layer, one in self._marks.items() if one is mark)
