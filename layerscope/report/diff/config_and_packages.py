"""What differs between the configs and the packages of two images."""

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from layerscope.analysis.comparison.config_difference import ConfigChange, ConfigValue
from layerscope.analysis.comparison.package_difference import PackageChange
from layerscope.analysis.tree.change import ChangeKind
from layerscope.report.tables import CHANGE_STYLES
from layerscope.text import exec_form, printable_line

_GAP = 2


def config_table(changes: Iterable[ConfigChange]) -> Table:
    """Return a row for each field of the config that differs."""
    table = _table("", "field", "name", "from", "to")
    for change in changes:
        kind = _kind(change.before, change.after)
        name = "" if change.name is None else printable_line(change.name)
        table.add_row(_mark(kind), change.field, Text(name), _value(change.before), _value(change.after))
    return table


def package_table(changes: Iterable[PackageChange]) -> Table:
    """Return a row for each package that differs."""
    table = _table("", "manager", "package", "from", "to")
    for change in changes:
        versions = (Text(printable_line(", ".join(side)), overflow="fold") for side in (change.before, change.after))
        table.add_row(_mark(change.change), change.manager, Text(printable_line(change.name)), *versions)
    return table


def _table(*titles: str) -> Table:
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="dim")
    for title in titles:
        table.add_column(title, overflow="fold")
    return table


def _kind(before: ConfigValue | None, after: ConfigValue | None) -> ChangeKind:
    if before is None:
        return ChangeKind.ADDED
    return ChangeKind.REMOVED if after is None else ChangeKind.MODIFIED


def _mark(change: ChangeKind) -> Text:
    return Text(change.mark, CHANGE_STYLES[change])


def _value(value: ConfigValue | None) -> Text:
    """Return a value; a list as a Dockerfile writes it."""
    if value is None:
        return Text()
    return Text(exec_form(value) if isinstance(value, tuple) else printable_line(value), overflow="fold")
