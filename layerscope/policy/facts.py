"""What rules are asked of: an image with its weight, and another one that it may be compared with."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from layerscope.analysis.search.query import HEARTBEAT, Query, path_pattern
from layerscope.analysis.size.dead import DeadEntry
from layerscope.policy.rules import PathPattern, Rules
from layerscope.session.size.analysis import SizeAnalysis


@dataclass(frozen=True, slots=True)
class Baseline:
    """The image that growth is counted from; ``content_size`` is None where it could not be read whole."""

    name: str
    content_size: int | None
    diff_ids: frozenset[str]


class CheckedImage:
    """An image, the rules, and what several rules ask for."""

    def __init__(self, analysis: SizeAnalysis, rules: Rules, baseline: Baseline | None = None) -> None:
        self.analysis = analysis
        self.rules = rules
        self.baseline = baseline
        self._ignored = path_pattern(rules.ignore)

    @cached_property
    def problems(self) -> tuple[str, ...]:
        """Sentences on the layers that could not be read whole."""
        tallies = self.analysis.tallies.layers
        return tuple(
            f"layer {number} cannot be read whole: {each.error}" for number, each in tallies.items() if each.error
        )

    @property
    def total(self) -> int | None:
        """All content bytes."""
        return self.analysis.report.total_size

    @cached_property
    def dead(self) -> tuple[DeadEntry, ...]:
        """The dead files that are not ignored."""
        return tuple(entry for entry in self.analysis.report.dead.entries if not self.is_ignored(entry.path))

    @property
    def dead_size(self) -> int | None:
        """Their bytes; None where layers could not be read."""
        return None if self.problems else sum(entry.size for entry in self.dead)

    @property
    def base_layers(self) -> int:
        """How many layers are the base's: as known, else the lowest one, as dive counts."""
        base = self.analysis.report.base
        return 1 if base is None or base.layers is None else base.layers

    def is_ignored(self, path: bytes) -> bool:
        """Tell whether a relative path is left out of account."""
        return self._ignored.search(b"/" + path) is not None

    def present(self, patterns: Iterable[PathPattern]) -> Iterator[int]:
        """Yield the nodes of the final image that fit one of the patterns, ascending."""
        tree = self.analysis.tree
        last = tree.layers[-1] if tree.layers else 0
        return (node for node in self.ever(patterns) if tree.is_present(node, last))

    def ever(self, patterns: Iterable[PathPattern]) -> Iterator[int]:
        """Yield the nodes of any layer that fit one of the patterns, ascending."""
        query = Query("", path_pattern(patterns), on_path=True)
        return (node for node in query.hits(self.analysis.tree.index) if node != HEARTBEAT)
