"""What became of the rules."""

from dataclasses import dataclass
from enum import StrEnum

from layerscope.model.image import Image
from layerscope.policy.rules import RulesFile


class Outcome(StrEnum):
    """What became of a rule."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """It cannot be told: what it depends on could not be read."""


class Unit(StrEnum):
    """What a limit counts."""

    BYTES = "bytes"
    FRACTION = "fraction"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Location:
    """Where to look: a layer, a path in it, and a few words on what is there; ``path`` is relative bytes."""

    layer: int | None
    text: str
    path: bytes | None = None
    size: int | None = None
    hidden_by: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a rule. ``text`` is a sentence for people, safe for a screen, without its full stop.

    ``locations`` are those to look at, the worst first, and ``location_count`` how many there are in all.
    """

    outcome: Outcome
    text: str
    unit: Unit | None = None
    limit: float | None = None
    value: float | None = None
    locations: tuple[Location, ...] = ()
    location_count: int = 0

    @property
    def excess(self) -> float | None:
        """By how much the limit is missed; None where it is kept or there is no figure."""
        if self.outcome is not Outcome.FAILED or self.limit is None or self.value is None:
            return None
        return abs(self.value - self.limit)


@dataclass(frozen=True, slots=True)
class RuleResult:
    """A rule with what became of it: ``key`` is its name as the file writes it, ``rule`` our own."""

    rule: str
    key: str
    verdict: Verdict

    @property
    def outcome(self) -> Outcome:
        """What became of it."""
        return self.verdict.outcome


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What became of all rules; ``problems`` are sentences on layers that could not be read whole."""

    image: Image
    rules: RulesFile
    results: tuple[RuleResult, ...]
    problems: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """Unknown if anything is: what could not be read might break any rule."""
        outcomes = {result.outcome for result in self.results}
        if self.problems or Outcome.UNKNOWN in outcomes:
            return Outcome.UNKNOWN
        return Outcome.FAILED if Outcome.FAILED in outcomes else Outcome.PASSED

    def count(self, outcome: Outcome) -> int:
        """Return how many rules ended so."""
        return sum(result.outcome is outcome for result in self.results)

    def line(self, result: RuleResult) -> int:
        """Return the line of the rule in its file, or the first one."""
        return self.rules.lines.get(result.rule, 1)
