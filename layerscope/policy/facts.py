"""The subject of the rules: an image with its size analysis, and a baseline to compare it with."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from layerscope.analysis.advice.secrets import SecretKind
from layerscope.analysis.search.globs import Globs
from layerscope.analysis.size.dead import DeadEntry
from layerscope.policy.rules import PathPattern, Rules
from layerscope.session.size.analysis import SizeAnalysis


@dataclass(frozen=True, slots=True)
class Baseline:
    """The image to compare with; ``content_size`` is None if it could not be read whole.

    The names and paths are None if no rule asks for them, or if they are unknown.
    """

    name: str
    content_size: int | None
    diff_ids: frozenset[str]
    packages: frozenset[tuple[str, str]] | None = None
    setuid: frozenset[bytes] | None = None
    secrets: frozenset[tuple[bytes, SecretKind]] | None = None


class CheckedImage:
    """An image, the rules, and facts that several rules need."""

    def __init__(self, analysis: SizeAnalysis, rules: Rules, baseline: Baseline | None = None) -> None:
        self.analysis = analysis
        self.rules = rules
        self.baseline = baseline

    @cached_property
    def problems(self) -> tuple[str, ...]:
        """Messages about the layers that could not be read whole."""
        tallies = self.analysis.tallies.layers
        return tuple(
            f"layer {number} cannot be read whole: {tally.error}" for number, tally in tallies.items() if tally.error
        )

    @property
    def total(self) -> int | None:
        """All content bytes."""
        return self.analysis.report.total_size

    @cached_property
    def dead(self) -> tuple[DeadEntry, ...]:
        """The dead files that are not ignored."""
        return tuple(entry for entry in self.analysis.report.dead.entries if entry.node not in self.ignored)

    @property
    def dead_size(self) -> int | None:
        """The bytes of those files; None if layers could not be read."""
        return None if self.problems else sum(entry.size for entry in self.dead)

    @property
    def efficiency(self) -> float | None:
        """The share of all content that is not dead; None if layers could not be read."""
        if self.total is None or self.dead_size is None:
            return None
        return 1 - self.dead_size / self.total if self.total else 1.0

    @property
    def base_layers(self) -> int:
        """The number of layers of the base image: 1 if it is unknown, as dive counts."""
        base = self.analysis.report.base
        return 1 if base is None or base.layers is None else base.layers

    @cached_property
    def ignored(self) -> frozenset[int]:
        """The nodes whose paths the rules ignore."""
        return frozenset(self.ever(self.rules.ignore))

    def present(self, patterns: Iterable[PathPattern]) -> Iterator[int]:
        """Yield the nodes of the final image that match one of the patterns, ascending."""
        tree = self.analysis.tree
        last = tree.layers[-1] if tree.layers else 0
        return (node for node in self.ever(patterns) if tree.is_present(node, last))

    def ever(self, patterns: Iterable[PathPattern]) -> Iterator[int]:
        """Yield the nodes of any layer that match one of the patterns, ascending."""
        return Globs(patterns).nodes(self.analysis.tree.index)
