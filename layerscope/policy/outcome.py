"""The results of rules."""

from dataclasses import dataclass
from enum import StrEnum

from layerscope.analysis.dockerfile.placed import PlacedDockerfile
from layerscope.model.image import Image
from layerscope.policy.rules import RulesFile
from layerscope.session.summary import layer_title
from layerscope.text import plural, printable_line, printable_name


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

    @property
    def more_locations(self) -> str:
        """The number of locations that the verdict does not name, in words; empty if it names all or none."""
        more = self.verdict.location_count - len(self.verdict.locations)
        return f"and {more:,} more" if more > 0 and self.verdict.locations else ""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The results of all rules; ``problems`` are messages about layers that could not be read whole.

    ``dockerfile`` is that of the image, if it is known.
    """

    image: Image
    rules: RulesFile
    results: tuple[RuleResult, ...]
    problems: tuple[str, ...] = ()
    dockerfile: PlacedDockerfile | None = None

    @property
    def outcome(self) -> Outcome:
        """The outcome of the check: unknown if any is, because unread content may break any rule."""
        outcomes = {result.outcome for result in self.results}
        if self.problems or Outcome.UNKNOWN in outcomes:
            return Outcome.UNKNOWN
        return Outcome.FAILED if Outcome.FAILED in outcomes else Outcome.PASSED

    def count(self, outcome: Outcome) -> int:
        return sum(result.outcome is outcome for result in self.results)

    def position(self, result: RuleResult) -> tuple[str, int]:
        """Return the file and the line to look at: the Dockerfile's that made the worst layer, or else the rule's."""
        if self.dockerfile is not None:
            for location in result.verdict.locations:
                line = self.dockerfile.line_of_layer.get(location.layer or 0)
                if line is not None:
                    return self.dockerfile.name, line
        return self.rules.name, self.rules.lines.get(result.rule, 1)

    @property
    def headline(self) -> str:
        """The check in one sentence: ``my-app:v1 passes 7 of 9 rules of .layerscope.toml: 1 failed, 1 unknown``."""
        name, count = printable_name(self.image.name), len(self.results)
        passed, failed, unknown = map(self.count, Outcome)
        if passed == count and not self.problems:
            return f"{name} passes {'the only rule' if count == 1 else f'all {count} rules'} of {self.rules.name}"
        rest = [f"{number} {word}" for number, word in ((failed, "failed"), (unknown, "unknown")) if number]
        line = f"{name} passes {passed} of {plural(count, 'rule')} of {self.rules.name}"
        return f"{line}: {', '.join(rest)}" if rest else f"{line}, but not all of its layers could be read"

    def message(self, result: RuleResult) -> str:
        """Return the result of a rule as lines: its sentence, then its locations."""
        lines = [f"{result.verdict.text}.", *(f"- {self._line(location)}" for location in result.verdict.locations)]
        return "\n".join([*lines, f"- {result.more_locations}"] if result.more_locations else lines)

    def _line(self, location: Location) -> str:
        """Return a location as one line: ``layer 2 (RUN apt-get update) wrote …``."""
        if location.layer is None:
            return printable_line(location.text)
        position = self.dockerfile.position(location.layer) if self.dockerfile else None
        at = f"{printable_name(position)}, " if position else ""
        return f"layer {location.layer} ({at}{layer_title(self.image, location.layer)}) {printable_line(location.text)}"
