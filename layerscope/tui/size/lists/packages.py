"""The packages of the final image, and the files of each."""

from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.remarks import package_label
from layerscope.text import human_share, human_size, plural, printable_line
from layerscope.tui.size.lists.files import SizedFile, live_file_list
from layerscope.tui.size.lists.model import SHARE, SIZE, Order, SizeList, Subject, count_column, shown_path
from layerscope.tui.size.state import Place, SizeView
from layerscope.tui.widgets.row_table import TableColumn, TableRow


def package_list(analysis: SizeAnalysis) -> SizeList[int]:
    """Return the packages, the largest first."""
    packages, total = analysis.packages.packages, sum(analysis.report.live.sizes)
    largest = max((package.size for package in packages), default=0) or 1

    def build(number: int) -> TableRow:
        row = packages[number]
        manager, name, version = row.package.manager, *map(printable_line, row.package[1:3])
        return TableRow(
            (human_share(row.size, total), human_size(row.size), f"{len(row.places):,}", manager, f"{name} {version}"),
            share=row.size / largest,
            subject=Subject(place=Place(SizeView.PACKAGES, number), copied=row.package.name),
            detail=f"{manager} package {name}: {plural(len(row.places), 'file')} of its own in the final image",
        )

    columns = (
        SHARE,
        SIZE,
        count_column("files", max((len(package.places) for package in packages), default=0)),
        TableColumn("by", width=max((len(package.package.manager) for package in packages), default=0)),
        TableColumn("package"),
    )
    return SizeList(
        columns=columns,
        records=range(len(packages)),
        build=build,
        orders=(
            Order("size", lambda number: number),
            Order("files", lambda number: -len(packages[number].places)),
            Order("name", lambda number: packages[number].package.name),
        ),
        text=lambda number: f"{packages[number].package.name} {packages[number].package.version}",
        size=lambda number: packages[number].size,
        when_empty=_no_packages(analysis),
    )


def _no_packages(analysis: SizeAnalysis) -> str:
    unread = analysis.packages.unread
    exception = f", except {shown_path(unread[0])}, which is not read" if unread else ""
    where = "" if analysis.report.is_complete else " in the layers that could be read"
    return f"No package database was found{where}{exception}."


def package_files(analysis: SizeAnalysis, number: int) -> SizeList[SizedFile]:
    """Return the files of a package."""
    return live_file_list(analysis, analysis.packages.packages[number].places)


def package_files_title(analysis: SizeAnalysis, number: int) -> str:
    """Return the title of the files of a package."""
    package = analysis.packages.packages[number].package
    return f"Files of {package_label(package.manager, package.name, package.version)}"
