"""The results of rules."""

from dataclasses import dataclass
from enum import StrEnum

from layerscope.model.image import Image
from layerscope.policy.rules import RulesFile


class Outcome(StrEnum):
    """The outcome of a rule."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """The rule depends on something that could not be read."""


class Unit(StrEnum):
    """The unit of a limit."""

    BYTES = "bytes"
    FRACTION = "fraction"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Location:
    """A location to look at: a layer, a path in it (relative bytes), and a few words about it."""

    layer: int | None
    text: str
    path: bytes | None = None
    size: int | None = None
    hidden_by: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict of a rule. ``text`` is a sentence for people, safe for a screen, without its full stop.

    ``locations`` are the first of ``location_count`` locations to look at, the worst first.
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
        """The amount by which the limit is missed; None if the rule passed or has no figure."""
        if self.outcome is not Outcome.FAILED or self.limit is None or self.value is None:
            return None
        return abs(self.value - self.limit)


@dataclass(frozen=True, slots=True)
class RuleResult:
    """A rule with its verdict: ``key`` is its name in the file, ``rule`` its name in layerscope."""

    rule: str
    key: str
    verdict: Verdict

    @property
    def outcome(self) -> Outcome:
        """The outcome of the verdict."""
        return self.verdict.outcome


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The results of all rules; ``problems`` are messages about layers that could not be read whole."""

    image: Image
    rules: RulesFile
    results: tuple[RuleResult, ...]
    problems: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The outcome of the check: unknown if any is, because unread content may break any rule."""
        outcomes = {result.outcome for result in self.results}
        if self.problems or Outcome.UNKNOWN in outcomes:
            return Outcome.UNKNOWN
        return Outcome.FAILED if Outcome.FAILED in outcomes else Outcome.PASSED

    def count(self, outcome: Outcome) -> int:
        """Return the number of rules with that outcome."""
        return sum(result.outcome is outcome for result in self.results)

    def line(self, result: RuleResult) -> int:
        """Return the line of the rule in its file, or 1 if unknown."""
        return self.rules.lines.get(result.rule, 1)
