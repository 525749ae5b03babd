"""The rows of the Dockerfile view, and the lines that the user thinks of merging or dropping.

Below a line that is unfolded stand the layers of the base image, and the advice on it.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from layerscope.analysis.advice.advice import Advice
from layerscope.analysis.dockerfile.parser import Instruction
from layerscope.analysis.dockerfile.placed import PlacedDockerfile
from layerscope.analysis.size.what_if import Plan
from layerscope.analysis.tree.tally import Tallies
from layerscope.model.image import Image
from layerscope.session.dockerfile.cache_state import CacheState, cache_word
from layerscope.session.dockerfile.lines import LineCost, layer_sums, layers_text, line_costs
from layerscope.text import human_share, human_size, plural, printable_line, printable_text, signed_size, size_or_blank
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.widgets.row_table import TableColumn, TableRow, Target

_LAYER, _CONTENT, _SHARE, _DEAD = (TableColumn(title, right=True) for title in ("layer", "content", "share", "dead"))
_CACHE = TableColumn("cache")
_SAVES, _ADVISED = TableColumn("advice", right=True), TableColumn("")
_EDIT = TableColumn("if")
_SOURCE = (TableColumn("", right=True), TableColumn(""))
_TAB = 4
_NARROW, _WIDE = 100, 120
"""The cells from which on there is room for bars, and for the share as a figure."""


class LayerEdit(StrEnum):
    """An action on the layer of a line; ``MERGE`` joins it with the layer right below."""

    MERGE = "merge"
    DROP = "drop"


class LayerEdits:
    """The edits by layer. Only the layers of the Dockerfile's own lines can have one."""

    def __init__(self, placed: PlacedDockerfile) -> None:
        self._placed = placed
        self._own = {layer for line, layers in placed.layers.items() if line != placed.base_line for layer in layers}
        self._edits: dict[int, LayerEdit] = {}

    def __bool__(self) -> bool:
        return bool(self._edits)

    def edit(self, layer: int) -> LayerEdit | None:
        return self._edits.get(layer)

    def layer_of(self, line: int) -> int | None:
        """Return the layer that the instruction of a line made and that can be edited."""
        instruction = self._placed.instructions.get(line)
        layers = self._placed.layers.get(instruction.line, ()) if instruction else ()
        return layers[-1] if layers and layers[-1] in self._own else None

    def cycle(self, layer: int) -> bool:
        """Give a layer the next edit that it can have, and none after the last one; return False if it can have none.

        A layer cannot be merged into one that is dropped: what both would hold together was never built.
        """
        edits = [
            None,
            *([LayerEdit.MERGE] if self._can_merge(layer) else []),
            *([LayerEdit.DROP] if self._can_drop(layer) else []),
        ]
        following = edits[(edits.index(self._edits.pop(layer, None)) + 1) % len(edits)]
        if following is not None:
            self._edits[layer] = following
        return len(edits) > 1

    def _can_merge(self, layer: int) -> bool:
        return layer - 1 in self._own and self._edits.get(layer - 1) is not LayerEdit.DROP

    def _can_drop(self, layer: int) -> bool:
        return self._edits.get(layer + 1) is not LayerEdit.MERGE

    @property
    def plan(self) -> Plan:
        return Plan(self._edited(LayerEdit.DROP), self._edited(LayerEdit.MERGE))

    def _edited(self, edit: LayerEdit) -> frozenset[int]:
        return frozenset(layer for layer, one in self._edits.items() if one is edit)


class _Item(NamedTuple):
    """A row: a line, or below it a layer of the base image, or a piece of advice by its number."""

    line: int
    layer: int = 0
    advice: int = 0


class DockerfileRows:
    """The rows; a row is a line of the Dockerfile or, below one that is unfolded, what belongs to it.

    They show what came from the build ``cache``, if that is known, what ``advice`` saves once it was given, and once
    there are ``edits``, which lines have one.
    """

    def __init__(
        self, placed: PlacedDockerfile, image: Image, tallies: Tallies, glyphs: Glyphs, cache: CacheState
    ) -> None:
        self.placed = placed
        self._image, self._tallies, self._glyphs, self._cache = image, tallies, glyphs, cache
        self._from_line, self._base = placed.base_line, placed.base_layers
        self._items = list[_Item]()
        self._rows = dict[int, int]()
        """The row of each line."""
        self._unfolded = set[int]()
        self.edits = LayerEdits(placed)
        self.cursor = 0
        self.width = _WIDE
        """The cells of the screen: where there are few, the lines have the room of the share and of the bar."""
        self.advise(())
        made = set(placed.line_of_layer.values()) - {placed.base_line}
        self.cursor = self.row_of(min(made & placed.instructions.keys() or placed.instructions, default=1))

    def advise(self, advice: Sequence[Advice]) -> None:
        """Take the advice on the image; the cursor stays at what it is on."""
        self._advice = advice
        self._costs = list(line_costs(self.placed, self._tallies, self._cache, advice))
        self._largest = max([1, *(cost.content_size or 0 for cost in self._costs)])
        self._arrange()

    def _arrange(self) -> None:
        chosen = self._items[self.cursor] if self._items else _Item(1)
        self._items, self._rows = [], {}
        below: dict[int, list[_Item]] = {}
        for line in self._unfolded:
            layers = self._base if line == self._from_line else ()
            last = self.placed.instructions[line].last_line if line in self.placed.instructions else line
            advice = self._costs[line - 1].advice
            below[last] = [*(_Item(line, layer) for layer in layers), *(_Item(line, 0, number) for number in advice)]
        for line in range(1, len(self._costs) + 1):
            self._rows[line] = len(self._items)
            self._items += [_Item(line), *below.get(line, ())]
        self.cursor = self._items.index(chosen) if chosen in self._items else self._rows.get(chosen.line, 0)

    @property
    def columns(self) -> tuple[TableColumn, ...]:
        cache = [_CACHE] if self._cache.cached else []
        share = [_SHARE] if self.width >= _WIDE else []
        saves = [_SAVES if self.width >= _NARROW else _ADVISED] if self._advice else []
        return (_LAYER, _CONTENT, *share, _DEAD, *saves, *cache, *([_EDIT] if self.edits else []), *_SOURCE)

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int, /) -> TableRow:
        item = self._items[index]
        if item.advice:
            return self._advice_row(item)
        return self._layer_row(item.layer) if item.layer else self._line_row(self._costs[item.line - 1])

    def line_at(self, index: int) -> int:
        """Return the line of a row, or the one above it."""
        return self._items[index].line

    def row_of(self, line: int) -> int:
        return self._rows[line]

    def can_unfold(self, index: int) -> bool:
        """Return whether a row is a line with something below it that does not show, or the FROM of a base image."""
        line, layer, advice = self._items[index]
        is_from = bool(self._base) and line == self._from_line
        is_advised = bool(self._costs[line - 1].advice) and line not in self._unfolded
        return not layer and not advice and (is_from or is_advised)

    @property
    def is_unfolded(self) -> bool:
        """True if something shows below a line."""
        return bool(self._unfolded)

    def toggle(self, line: int) -> None:
        """Show or hide what belongs to a line below it."""
        self._unfolded ^= {line}
        self._arrange()

    def fold(self) -> None:
        """Hide what shows below lines."""
        self._unfolded.clear()
        self._arrange()

    def _line_row(self, cost: LineCost) -> TableRow:
        text = printable_text(cost.text).expandtabs(_TAB)
        detail = f"{self._origin_words(cost)}\n{text.strip()}".lstrip()
        if not cost.layers:
            blanks = [""] * (len(self.columns) - len(_SOURCE))
            return TableRow((*blanks, str(cost.line), text), self._bar(0), style="muted", detail=detail)
        if cost.line == self._from_line:
            sign = self._glyphs.opened if cost.line in self._unfolded else self._glyphs.closed
            text = f"{sign} {text}  ({plural(len(cost.layers), 'layer')} of the base image)"
        return TableRow(
            (
                layers_text(cost.layers),
                human_size(cost.content_size),
                *self._share(cost.content_size),
                size_or_blank(cost.dead_size),
                *self._saves(cost),
                *self._cached(cost.is_cached),
                *self._edit_cell(cost.layers[-1]),
                str(cost.line),
                text,
            ),
            self._bar(cost.content_size),
            (cost.dead_size or 0) / self._largest,
            target=Target(cost.layers[-1]),
            detail=detail,
        )

    def _layer_row(self, layer: int) -> TableRow:
        sums, title = layer_sums((layer,), self._tallies), printable_line(self._image.step(layer).title)
        return TableRow(
            (
                str(layer),
                human_size(sums.content_size),
                *self._share(sums.content_size),
                size_or_blank(sums.dead_size),
                *([""] if self._advice else []),
                *self._cached(None),
                *self._edit_cell(layer),
                "",
                f"    {title}",
            ),
            self._bar(sums.content_size),
            (sums.dead_size or 0) / self._largest,
            target=Target(layer),
            detail=f"layer {layer} of the base image: {title}",
        )

    def _advice_row(self, item: _Item) -> TableRow:
        advice = self._advice[item.advice - 1]
        blanks = [""] * (len(self.columns) - 1)
        text = f"    {self._glyphs.flag} {signed_size(-advice.saves)}: {printable_text(advice.text)}"
        share = self._bar(0)
        return TableRow((*blanks, text), share, style="added", target=Target(advice.layer), detail=advice.text)

    def _saves(self, cost: LineCost) -> list[str]:
        """Return the cell with what the advice on a line saves; none where there is no advice."""
        saving = f"{signed_size(-cost.saves)} " if self.width >= _NARROW else ""
        text = f"{saving}{self._glyphs.flag}" if cost.advice else ""
        return [text] if self._advice else []

    def _share(self, size: int | None) -> list[str]:
        return [human_share(size, self._tallies.content_size)] if self.width >= _WIDE else []

    def _bar(self, size: int | None) -> float | None:
        """Return the length of a bar, or None where there is no room for bars."""
        return (size or 0) / self._largest if self.width >= _NARROW else None

    def _cached(self, is_cached: bool | None) -> list[str]:
        """Return the cell that says whether a layer came from the cache; none where that is not known."""
        word = "" if is_cached is None else cache_word(cached=is_cached)
        return [word] if self._cache.cached else []

    def _edit_cell(self, layer: int) -> list[str]:
        """Return the cell with the edit of a layer; none where no layer has one."""
        return [self.edits.edit(layer) or ""] if self.edits else []

    def _origin_words(self, cost: LineCost) -> str:
        """Return where a line belongs: its instruction, its stage and its layer."""
        instruction = self.placed.instructions.get(cost.line)
        if instruction is None:
            return ""
        layers = self.placed.layers.get(instruction.line)
        origin = self.placed.origin(instruction.line)
        stage = self.placed.stage_of_line.get(instruction.line)
        if layers is None and stage not in {None, *self.placed.chain}:
            made = "its stage is not part of the image"
        elif layers is None:
            made = "no step of the image matches it"
        else:
            made = f"layer {layers_text(layers)}" if layers else "no layer"
        parts = [_lines_text(instruction), *([f"stage {printable_line(stage.title)}"] if stage else []), made]
        parts += [f"written by line {origin}"] if origin else []
        cause = self._costs[instruction.line - 1].cause
        parts += [f"cache miss: {printable_line(cause)}"] if cause else []
        return f" {self._glyphs.separator} ".join(parts)


def _lines_text(instruction: Instruction) -> str:
    first, last = instruction.line, instruction.last_line
    return f"line {first}" if first == last else f"lines {first} to {last}"
