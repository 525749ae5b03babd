"""What is dead and why, what is there twice, and what to change: sections of the answer for people."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from layerscope.analysis.advice.advice import Advice
from layerscope.analysis.size.dead_groups import DeadGroup, dead_groups
from layerscope.analysis.size.duplicates import Duplicate
from layerscope.report.plain_lines import PlainLines
from layerscope.report.size.rows import figures, layer_title, remainder, section
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.text import human_share, human_size, path_text, plural, printable_name

_MOST_GROUPS = 10
_MOST_DUPLICATES = 5
_MOST_PATHS = 3
"""So much is shown, unless all is asked for."""

_INDENT = (0, 0, 0, 2)


def dead_section(analysis: SizeAnalysis, *, every: bool) -> Iterator[RenderableType]:
    """Yield the dead bytes by writer, hidden_by and reason, with both instructions and the largest paths."""
    why = analysis.report
    groups = dead_groups(why.dead.entries)
    total = human_size(why.dead_size) if why.dead_size is not None else f"{human_size(why.dead.total)} at least"
    shown = groups if every else groups[:_MOST_GROUPS]
    parts = [part for group in shown for part in _dead_group(analysis, group, every=every)]
    parts += remainder(groups, None if every else _MOST_GROUPS, lambda group: group.size, "cause")
    yield from section(f"Dead bytes: {total}, {_reasons(analysis)}", parts)


def _reasons(analysis: SizeAnalysis) -> str:
    """Return the sums by reason: ``233 MB deleted, 29 MB metadata-only``."""
    sums = sorted(analysis.report.dead.by_reason.items(), key=lambda item: -item[1])
    return ", ".join(f"{human_size(size)} {reason.value if reason else 'for unknown reasons'}" for reason, size in sums)


def _dead_group(analysis: SizeAnalysis, group: DeadGroup, *, every: bool) -> Iterator[RenderableType]:
    image = analysis.image
    count = plural(len(group.entries), "file")
    yield Text(f"{human_size(group.size)} {group.word}, {count}", "magenta")
    who = Table.grid(padding=(0, 1))
    who.add_column(no_wrap=True)
    who.add_column(justify="right", no_wrap=True)
    who.add_column()
    who.add_row("written by layer", str(group.writer), layer_title(image, group.writer))
    who.add_row("hidden by layer", str(group.hidden_by), layer_title(image, group.hidden_by))
    yield Padding(who, _INDENT, expand=False)
    most = None if every else _MOST_PATHS
    sizes = [human_size(entry.size) for entry in group.entries[:most]]
    width = max(map(len, sizes))
    names = (printable_name(path_text(entry.path)) for entry in group.entries[:most])
    lines = [f"{size:>{width}}  {name}" for size, name in zip(sizes, names, strict=True)]
    yield PlainLines(lines, _INDENT[-1])
    more = remainder(group.entries, most, lambda entry: entry.size, "file")
    yield from (Padding(line, _INDENT, expand=False) for line in more)


def duplicate_section(analysis: SizeAnalysis, *, every: bool) -> Iterator[RenderableType]:
    """Yield the live duplicates, those first that cost the most."""
    why = analysis.report
    most = None if every else _MOST_DUPLICATES
    total = sum(each.saves for each in why.duplicates)
    parts: list[RenderableType] = []
    if why.duplicates:
        table = figures("costs", "size", "copies", last="paths")
        for each in why.duplicates[:most]:
            copies = str(len(each.nodes))
            table.add_row(human_size(each.saves), human_size(each.size), copies, _duplicate_paths(analysis, each, most))
        parts = [table, *remainder(why.duplicates, most, lambda each: each.saves, "duplicate")]
    least = "" if why.duplicates_complete else " at least"
    yield from section(f"The same bytes more than once: {human_size(total)}{least}", parts)


def _duplicate_paths(analysis: SizeAnalysis, duplicate: Duplicate, most: int | None) -> RenderableType:
    names = [path_text(analysis.tree.index.path(node)) for node in duplicate.nodes]
    return _paths(names, None if most is None else _MOST_PATHS)


def _paths(names: Sequence[str], most: int | None) -> RenderableType:
    lines = PlainLines([printable_name(name) for name in names[:most]])
    if most is None or len(names) <= most:
        return lines
    return Group(lines, Text(f"and {len(names) - most:,} more", "dim"))


def advice_section(analysis: SizeAnalysis, *, every: bool) -> Iterator[RenderableType]:
    """Yield what to change, what saves most first."""
    advice = analysis.report.advice
    if not advice:
        yield from section("What to change", [Text("Nothing: no waste and no risk of a known kind was seen.")])
        return
    parts = [part for number, each in enumerate(advice, 1) for part in _advised(analysis, number, each, every=every)]
    yield from section("What to change", parts)


def _advised(analysis: SizeAnalysis, number: int, advice: Advice, *, every: bool) -> Iterator[RenderableType]:
    share = human_share(advice.saves, analysis.report.total_size)
    saves = f"saves {human_size(advice.saves)}{f', {share}' if share else ''}" if advice.saves else "saves no bytes"
    yield Text(f"{number}. {saves}: ", "green").append(f"layer {advice.layer}", "bold")
    body = [
        layer_title(analysis.image, advice.layer),
        # the sentence is ours; names in it were made safe where it was written
        Text(advice.text, overflow="fold"),
        _paths([path_text(path) for path in advice.paths], None if every else _MOST_PATHS),
    ]
    yield Padding(Group(*body), _INDENT, expand=False)
