"""Hard links: the occurrence that each of them names.

A target is a path of the image. It may be in the same layer or in a lower one, and may be a hard link itself.
"""

from typing import Protocol

from layerscope.analysis.tree.change import GONE, IMPLIED
from layerscope.analysis.tree.path_ids import PathIds
from layerscope.model.columns import Ints
from layerscope.model.entries import EntryTable, Kind

_NONE = -1


class LinkableLog(Protocol):
    """The columns of an overlay that lead from a path to its latest occurrence, and from there to its entry."""

    tables: dict[int, EntryTable]
    ids: PathIds
    current: Ints
    layers: Ints
    rows: Ints
    befores: Ints
    link_targets: dict[int, int]


def resolve_links(log: LinkableLog, start: int, table: EntryTable) -> None:
    """Add the targets of the hard links of a layer, whose table is given and whose occurrences begin at ``start``.

    Hard links may name hard links. A chain of them is walked once: every link in it gets the target of the last.
    """
    kinds, rows = table.kinds, log.rows
    hard_links = {row for row in table.link_rows if kinds[row] == Kind.HARDLINK}
    if not hard_links:
        return
    links = [occurrence for occurrence, row in enumerate(rows[start:], start) if row in hard_links]
    unseen = set(links)
    for link in links:
        chain, occurrence = [], link
        while occurrence in unseen:
            unseen.discard(occurrence)
            chain.append(occurrence)
            occurrence = _target(log, occurrence, start, table)
        occurrence = log.link_targets.get(occurrence, occurrence)
        if occurrence >= 0 and rows[occurrence] != GONE and not _is_hard_link(log, occurrence):
            log.link_targets.update(dict.fromkeys(chain, occurrence))


def _target(log: LinkableLog, link: int, start: int, table: EntryTable) -> int:
    """Return the occurrence that a hard link names, or -1; one that its own layer hides still counts."""
    path = log.ids.find(table.link(log.rows[link]) or b"")
    if path <= 0:
        # The root, whose id is 0, cannot be linked.
        return _NONE
    occurrence = log.current[path]
    hidden_here = occurrence >= start and log.rows[occurrence] == GONE
    return log.befores[occurrence] if hidden_here else occurrence


def _is_hard_link(log: LinkableLog, occurrence: int) -> bool:
    row = log.rows[occurrence]
    return row != IMPLIED and log.tables[log.layers[occurrence]].kinds[row] == Kind.HARDLINK
