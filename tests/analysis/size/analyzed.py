"""Stacks layers whose files have contents, and analyses their sizes.

::

    image = sized([written("a", "old")], [written("a", "new"), whiteout("b")])
    assert image.dead.by_reason == {DeadReason.OVERWRITTEN: 3}
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from layerscope.analysis.advice.advice import Advice, Evidence
from layerscope.analysis.advice.rules import advise
from layerscope.analysis.advice.secrets import Secret, find_secrets
from layerscope.analysis.content import Digests
from layerscope.analysis.packages.final_files import FinalFiles
from layerscope.analysis.size.dead import DeadBytes, dead_bytes
from layerscope.analysis.size.duplicates import Duplicate, duplicate_candidates, find_duplicates
from layerscope.analysis.size.hidden import hidden_in_tree
from layerscope.analysis.size.live import LiveFiles, live_files
from layerscope.analysis.tree.index_building import build_path_index
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.overlay import Overlay
from layerscope.analysis.tree.tally import LayerTally
from layerscope.model.entries import FileEntry, Kind
from tests.analysis.entries import Item, layer


@dataclass(frozen=True)
class Written:
    """A regular file with its bytes; where its size is another one, the bytes only tell it from other files."""

    entry: FileEntry
    content: bytes


Content = Item | Written
"""The content that a layer may have."""


def written(
    path: str, content: str | bytes = b"x", size: int | None = None, *, mode: int = 0o644, uid: int = 0, mtime: int = 0
) -> Written:
    """Return a regular file."""
    content = content.encode() if isinstance(content, str) else content
    length = len(content) if size is None else size
    return Written(FileEntry(path.encode(), Kind.FILE, length, mode, uid, 0, mtime), content)


@dataclass
class SizedImage:
    """Layers, stacked; ``asked`` notes which prefixes were read."""

    overlay: Overlay
    tree: LayeredTree
    tallies: Mapping[int, LayerTally]
    contents: Digests
    asked: list[tuple[tuple[int, ...], int]] = field(default_factory=list)

    def prefixes(self, occurrences: Sequence[int], size: int) -> dict[int, bytes | None]:
        """Return the first bytes of files."""
        self.asked.append((tuple(occurrences), size))
        return {one: None if one not in self.contents else self.contents[one][:size] for one in occurrences}

    def looked_into(self) -> dict[int, int]:
        """Return which prefixes were asked for, and how many bytes at most."""
        return {one: size for occurrences, size in self.asked for one in occurrences}

    @cached_property
    def live(self) -> LiveFiles:
        return live_files(self.tree)

    @cached_property
    def dead(self) -> DeadBytes:
        return dead_bytes(self.tree, hidden_in_tree(self.tree), self.contents)

    @cached_property
    def duplicates(self) -> tuple[Duplicate, ...]:
        return find_duplicates(self.live, duplicate_candidates(self.live.sizes).groups, self.contents)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        return find_secrets(self.tree, self.prefixes)

    @property
    def files(self) -> FinalFiles:
        return FinalFiles(self.tree, self.live, self.prefixes)

    def dead_paths(self) -> dict[str, str | None]:
        """Return the reason of each dead file by its path."""
        return {entry.path.decode(): entry.reason for entry in self.dead.entries}

    def live_paths(self) -> list[str]:
        """Return where each live file stands."""
        return [self.tree.index.path(node).decode() for node in self.live.nodes]

    def evidence(self, *instructions: str | None, base_layers: int = 0) -> Evidence:
        """Return what advice is drawn from, given the instructions of the layers from the first on."""
        return Evidence(
            self.tree,
            self.live,
            self.dead,
            self.duplicates,
            dict(enumerate(instructions, start=1)),
            sum(self.live.sizes) + self.dead.total,
            self.prefixes,
            base_layers,
        )

    def advice(self, *instructions: str | None, base_layers: int = 0) -> tuple[Advice, ...]:
        """Return all advice."""
        return advise(self.evidence(*instructions, base_layers=base_layers))


def sized(*layers: Sequence[Content]) -> SizedImage:
    """Stack the layers, base first."""
    overlay, tallies, rows = Overlay(), dict[int, LayerTally](), dict[tuple[int, int], bytes]()
    for number, items in enumerate(layers, start=1):
        entries = layer(*(item.entry if isinstance(item, Written) else item for item in items))
        contents = [item for item in items if isinstance(item, (Written, FileEntry))]
        rows |= {(number, row): item.content for row, item in enumerate(contents) if isinstance(item, Written)}
        tallies[number] = overlay.apply(number, entries)
    index = build_path_index(overlay)
    places = zip(index.layers, index.rows, strict=True)
    known = {occurrence: rows[place] for occurrence, place in enumerate(places) if place in rows}
    return SizedImage(overlay, LayeredTree(index, overlay.tables, tuple(tallies)), tallies, known)
