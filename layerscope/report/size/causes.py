"""Secrets, dead bytes with their causes, and what to change: sections of the size report on a screen."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from layerscope.analysis.advice.advice import Advice
from layerscope.analysis.advice.edits import diff_lines
from layerscope.analysis.advice.secrets import REMEDY, Secret
from layerscope.analysis.size.dead import DeadGroup, dead_groups
from layerscope.report.layers.summary import layer_title
from layerscope.report.size.cells import path_lines
from layerscope.report.tables import Grid, GridColumn, Line, instruction_line, name_line, remainder, section
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.remarks import no_advice_sentence, reasons_line, size_change
from layerscope.text import human_share, human_size, path_text, plural, printable_line

_MOST_GROUPS = 10
_MOST_PATHS = 3
"""The causes and paths that are shown, unless all are asked for."""

_MOST_SECRETS = 20
_INDENT = 2


def secret_section(analysis: SizeAnalysis, *, show_all: bool) -> Iterator[RenderableType]:
    """Yield the secrets with the instructions of their layers."""
    secrets = analysis.report.secrets
    shown = secrets if show_all else secrets[:_MOST_SECRETS]
    parts = [part for secret in shown for part in _secret(analysis, secret)]
    if len(shown) < len(secrets):
        parts.append(Text(f"and {plural(len(secrets) - len(shown), 'more secret')} (--all shows them)", "dim"))
    yield from section("Secrets", parts)


def _secret(analysis: SizeAnalysis, secret: Secret) -> Iterator[RenderableType]:
    yield Text(f"layer {secret.layer}: {secret.kind.words}", "bold red")
    body = Grid(GridColumn("", is_flexible=True), indent=_INDENT)
    body.add_row(name_line(path_text(secret.path)))
    body.add_row(instruction_line(layer_title(analysis.image, secret.layer)))
    body.add_row(Line(f"{secret.fate} {REMEDY}", is_folded=True))
    yield body


def dead_section(analysis: SizeAnalysis, *, show_all: bool) -> Iterator[RenderableType]:
    """Yield the dead bytes by the layer that wrote them, the layer that hid them and the reason."""
    why = analysis.report
    groups = dead_groups(why.dead.entries)
    total = human_size(why.dead_size) if why.dead_size is not None else f"{human_size(why.dead.total)} at least"
    most = None if show_all else _MOST_GROUPS
    parts = [part for group in groups[:most] for part in _dead_group(analysis, group, show_all=show_all)]
    parts += remainder(groups, most, lambda group: group.size, "cause")
    yield from section(f"Dead bytes: {total}, {reasons_line(why)}", parts)


def _dead_group(analysis: SizeAnalysis, group: DeadGroup, *, show_all: bool) -> Iterator[RenderableType]:
    yield Text(f"{human_size(group.size)} {group.word}, {plural(len(group.entries), 'file')}", "magenta")
    layers = Grid(
        GridColumn(""), GridColumn("", is_right=True), GridColumn("", is_flexible=True), indent=_INDENT, gap=1
    )
    for words, layer in (("written by layer", group.writer), ("hidden by layer", group.hidden_by)):
        layers.add_row(words, str(layer), instruction_line(layer_title(analysis.image, layer)))
    yield layers
    most = None if show_all else _MOST_PATHS
    files = Grid(GridColumn("", is_right=True), GridColumn("", is_flexible=True), indent=_INDENT)
    for entry in group.entries[:most]:
        files.add_row(human_size(entry.size), name_line(path_text(entry.path)))
    yield files
    more = remainder(group.entries, most, lambda entry: entry.size, "file")
    yield from (Padding(line, (0, 0, 0, _INDENT), expand=False) for line in more)


def advice_section(analysis: SizeAnalysis, *, show_all: bool) -> Iterator[RenderableType]:
    """Yield what to change, the largest savings first."""
    advice = analysis.report.advice
    if not advice:
        yield from section("What to change", [Text(no_advice_sentence(analysis.report))])
        return
    parts = [
        part for number, each in enumerate(advice, 1) for part in _advised(analysis, number, each, show_all=show_all)
    ]
    yield from section("What to change", [*parts, *_total(analysis)])


def _total(analysis: SizeAnalysis) -> Iterator[RenderableType]:
    if analysis.report.size_after_advice is not None:
        yield Text()
        yield Text(f"{size_change(analysis.report, '->')}.", "bold")


def _advised(analysis: SizeAnalysis, number: int, advice: Advice, *, show_all: bool) -> Iterator[RenderableType]:
    share = human_share(advice.saves, analysis.report.total_size)
    saves = f"saves {human_size(advice.saves)}{f', {share}' if share else ''}" if advice.saves else "saves no bytes"
    yield Text(f"{number}. {saves}: ", "green").append(analysis.layer_words(advice.layer), "bold")
    body = Grid(GridColumn("", is_flexible=True), indent=_INDENT)
    body.add_row(Line(advice.cause, "bold", is_whole=True))
    if not advice.edits:
        body.add_row(instruction_line(layer_title(analysis.image, advice.layer)))
    # The sentence is our own; names in it were made safe where it was written.
    body.add_row(Line(advice.text, is_folded=True))
    for changed in diff_lines(advice.edits):
        body.add_row(Line(printable_line(changed), "red" if changed[0] == "-" else "green", is_whole=True))
    for line in path_lines(advice.paths, None if show_all else _MOST_PATHS):
        body.add_row(line)
    yield body
