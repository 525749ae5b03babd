"""The packages of the final image, and those that a layer replaced or removed, with the files of each."""

from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.columns import PackageRow, SizedFile, package_table
from layerscope.session.size.remarks import no_packages_sentence, package_label
from layerscope.text import human_size, plural, printable_line
from layerscope.tui.size.lists.files import live_file_list, occurrence_list
from layerscope.tui.size.lists.model import Order, SizeList, Subject, layer_title
from layerscope.tui.size.state import SizeView, Topic
from layerscope.tui.widgets.row_table import TableRow

_LINE = PackageRow("", "", "── replaced, removed ──", None, None)
"""The row between the packages of the final image and those of events."""


def package_list(analysis: SizeAnalysis) -> SizeList[PackageRow]:
    """Return the packages, the largest first, those that only the SBOM lists, and those that a layer replaced."""
    table = package_table(analysis, is_whole=True)
    first = len(table.rows) - len(analysis.packages_by_layer.replaced)
    has_events = first < len(table.rows)
    if has_events:
        table = table._replace(rows=[*table.rows[:first], _LINE, *table.rows[first:]])

    def about(number: int, row: PackageRow) -> TableRow:
        if row is _LINE:
            return TableRow((), style="muted")
        # the packages of the image come first, so that their numbers are their positions there
        return _about(analysis, number if row.event is None else first - number, row)

    by_difference = Order[PackageRow](
        "difference from the SBOM", lambda row: (_part(row), row.difference is None), "SBOM"
    )
    return SizeList(
        table=table,
        about=about,
        orders=(
            Order("size"),
            Order("files", lambda row: (_part(row), -(row.files or 0))),
            Order("name", lambda row: (_part(row), row.text), "package"),
            Order("layer", lambda row: (_part(row), row.layer or 0)),
            *([by_difference] if analysis.sbom is not None else []),
        ),
        text=lambda row: row.text,
        when_empty=no_packages_sentence(analysis.report, analysis.packages),
        lines=int(has_events),
    )


def _part(row: PackageRow) -> int:
    """Return the part of the list that a row stays in, in any order."""
    return 1 if row is _LINE else 2 if row.event else 0


def _about(analysis: SizeAnalysis, number: int, row: PackageRow) -> TableRow:
    package, difference = f"{row.manager} package {printable_line(row.name)}", row.difference
    if row.files is None:
        detail = f"{package}: the SBOM of the image lists it, but it was not found in the image"
        return TableRow((), style="muted", subject=Subject(copied=row.name), detail=detail)
    by = "" if row.layer is None else f" by layer {row.layer}: {layer_title(analysis, row.layer)}"
    if row.event is not None:
        files = f"{human_size(row.dead_size)} in {plural(row.files, 'file')} of it still ship"
        detail = f"{package}: {files}\n{row.event.change}{by}"
    else:
        detail = f"{package}: {plural(row.files, 'file')} in the final image"
        detail += f"\n{row.change}{by}" if row.change else ""
    if difference is not None and difference.stated is None:
        detail += "\nthe SBOM of the image does not list it"
    elif difference is not None:
        detail += f"\nthe SBOM of the image lists version {printable_line(difference.stated or '')}"
    return TableRow((), subject=Subject(topic=Topic(SizeView.PACKAGES, number), copied=row.name), detail=detail)


def package_files(analysis: SizeAnalysis, number: int) -> SizeList[SizedFile]:
    """Return the files of a package; a negative number is that of a replaced one, from the end of the list."""
    if number < 0:
        return occurrence_list(analysis, analysis.packages_by_layer.replaced[-number - 1].dead)
    return live_file_list(analysis, analysis.packages.packages[number].positions)


def package_files_title(analysis: SizeAnalysis, number: int) -> str:
    """Return the title of the files of a package."""
    if number < 0:
        event = analysis.packages_by_layer.replaced[-number - 1]
        label = package_label(event.manager, event.name, event.before or "")
        return f"Dead files of {label}, {event.change} by layer {event.layer}"
    package = analysis.packages.packages[number].package
    return f"Files of {package_label(package.manager, package.name, package.version)}"
