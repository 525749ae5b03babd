"""Differences between the configs and the packages of two images."""

from collections.abc import Iterable

from layerscope.analysis.comparison.config_difference import ConfigChange, ConfigValue
from layerscope.analysis.comparison.package_difference import PackageChange
from layerscope.analysis.tree.change import ChangeKind
from layerscope.report.colors import CHANGE_STYLES
from layerscope.report.tables import Grid, GridColumn, Line
from layerscope.text import exec_form, printable_line


def config_table(changes: Iterable[ConfigChange]) -> Grid:
    """Return a row for each field of the config that differs."""
    grid = _grid("", "field", "name", "from", "to")
    for change in changes:
        kind = _kind(change.before, change.after)
        grid.add_row(_mark(kind), change.field, _line(change.name), _line(change.before), _line(change.after))
    return grid


def package_table(changes: Iterable[PackageChange]) -> Grid:
    """Return a row for each package that differs."""
    grid = _grid("", "manager", "package", "from", "to")
    for change in changes:
        versions = (_line(", ".join(side)) for side in (change.before, change.after))
        grid.add_row(_mark(change.change), change.manager, _line(change.name), *versions)
    return grid


def _grid(*titles: str) -> Grid:
    return Grid(*(GridColumn(title, is_flexible=bool(title)) for title in titles))


def _kind(before: ConfigValue | None, after: ConfigValue | None) -> ChangeKind:
    if before is None:
        return ChangeKind.ADDED
    return ChangeKind.REMOVED if after is None else ChangeKind.MODIFIED


def _mark(change: ChangeKind) -> Line:
    return Line(change.mark, CHANGE_STYLES[change])


def _line(value: ConfigValue | None) -> Line:
    """Return a value as one line; a list as a Dockerfile writes it."""
    text = exec_form(value) if isinstance(value, tuple) else printable_line(value or "")
    return Line(text, is_folded=True)
