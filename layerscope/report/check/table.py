"""What became of the rules, for people at a terminal."""

from typing import TextIO

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from layerscope.policy.outcome import CheckReport, Location, Outcome
from layerscope.report.check.lines import headline
from layerscope.report.size.rows import layer_title
from layerscope.report.tables import show
from layerscope.text import printable_line

_MOST_PLACES = 3
"""So many places to look at are shown for a rule; documents name more."""

_STYLES = {Outcome.PASSED: "green", Outcome.FAILED: "bold red", Outcome.UNKNOWN: "yellow"}


def write_check_table(report: CheckReport, file: TextIO) -> None:
    """Print a row for each rule, where to look below each failed one, and the outcome last."""
    show(check_table(report), file)


def check_table(report: CheckReport) -> RenderableType:
    """Return the table."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    for result in report.results:
        places = [_place(report, place) for place in result.verdict.places[:_MOST_PLACES]]
        more = result.verdict.place_count - len(places)
        if places and more > 0:
            places.append(Text(f"and {more:,} more", "dim"))
        told = Group(Text(result.verdict.text, overflow="fold"), *(Padding(place, (0, 0, 0, 2)) for place in places))
        table.add_row(Text(result.outcome.value, _STYLES[result.outcome]), Text(result.key), told)
    problems = [Text(f"! {printable_line(problem)}", "red", overflow="fold") for problem in report.problems]
    return Group(table, *problems, Text(), Text(f"{headline(report)}.", _STYLES[report.outcome], overflow="fold"))


def _place(report: CheckReport, place: Location) -> RenderableType:
    text = Text(overflow="fold")
    if place.layer is None:
        return text.append(printable_line(place.text))
    text.append(f"layer {place.layer} {printable_line(place.text)}")
    return Group(text, Padding(layer_title(report.image, place.layer), (0, 0, 0, 2)))
