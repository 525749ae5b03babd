"""The packages of the final image, and the files of each."""

from typing import NamedTuple

from layerscope.analysis.packages.sbom import SbomDifference
from layerscope.analysis.packages.sizes import MANAGERS, PackageSize
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.remarks import package_label
from layerscope.text import human_share, human_size, plural, printable_line
from layerscope.tui.size.lists.files import SizedFile, live_file_list
from layerscope.tui.size.lists.model import SHARE, SIZE, Order, SizeList, Subject, count_column, shown_path
from layerscope.tui.size.state import SizeView, Topic
from layerscope.tui.widgets.row_table import TableColumn, TableRow

_SBOM = TableColumn("SBOM", width=5)


class _FoundPackage(NamedTuple):
    """A package of the image, its position among them, and how the SBOM differs if it does."""

    number: int
    size: PackageSize
    difference: SbomDifference | None

    @property
    def text(self) -> str:
        """The name and the version."""
        return f"{self.size.package.name} {self.size.package.version}"


class _ListedPackage(NamedTuple):
    """A package that only the SBOM lists."""

    number: int
    difference: SbomDifference

    @property
    def text(self) -> str:
        """The name and the version."""
        return f"{self.difference.name} {self.difference.stated}"


_Record = _FoundPackage | _ListedPackage


def _files(record: _Record) -> int:
    return len(record.size.positions) if isinstance(record, _FoundPackage) else 0


def _size(record: _Record) -> int:
    return record.size.size if isinstance(record, _FoundPackage) else 0


def package_list(analysis: SizeAnalysis) -> SizeList[_Record]:
    """Return the packages, the largest first, and after them those that only the SBOM of the image lists."""
    records, total = _records(analysis), sum(analysis.report.live.sizes)
    largest, has_sbom = max(map(_size, records), default=0) or 1, analysis.sbom is not None

    def build(record: _Record) -> TableRow:
        if isinstance(record, _ListedPackage):
            return _listed_row(record.difference)
        return _package_row(record, total, largest, has_sbom=has_sbom)

    columns = (
        SHARE,
        SIZE,
        count_column("files", max(map(_files, records), default=0)),
        TableColumn("by", width=max(len(manager.name) for manager in MANAGERS)),
        *([_SBOM] if has_sbom else []),
        TableColumn("package"),
    )
    by_difference = Order[_Record]("difference from the SBOM", lambda record: record.difference is None)
    return SizeList(
        columns=columns,
        records=records,
        build=build,
        orders=(
            Order("size", lambda record: record.number),
            Order("files", lambda record: -_files(record)),
            Order("name", lambda record: record.text),
            *([by_difference] if has_sbom else []),
        ),
        text=lambda record: record.text,
        size=_size,
        when_empty=_no_packages(analysis),
    )


def _records(analysis: SizeAnalysis) -> list[_Record]:
    packages, differences = analysis.packages.packages, analysis.sbom.differences if analysis.sbom else ()
    differing = {(each.manager, each.name, each.found): each for each in differences}
    listed = (each for each in differences if each.found is None)
    return [
        *(_FoundPackage(number, each, differing.get(each.package[:3])) for number, each in enumerate(packages)),
        *(_ListedPackage(number, each) for number, each in enumerate(listed, len(packages))),
    ]


def _package_row(record: _FoundPackage, total: int, largest: int, *, has_sbom: bool) -> TableRow:
    size, package, files = record.size.size, record.size.package, _files(record)
    name = printable_line(package.name)
    cell, sentence = _in_sbom(record.difference) if has_sbom else ("", "")
    return TableRow(
        (
            human_share(size, total),
            human_size(size),
            f"{files:,}",
            package.manager,
            *([cell] if has_sbom else []),
            f"{name} {printable_line(package.version)}",
        ),
        share=size / largest,
        subject=Subject(topic=Topic(SizeView.PACKAGES, record.number), copied=package.name),
        detail=f"{package.manager} package {name}: {plural(files, 'file')} of its own in the final image{sentence}",
    )


def _in_sbom(difference: SbomDifference | None) -> tuple[str, str]:
    """Return the cell that says whether the SBOM lists a package, and the same in words."""
    if difference is None:
        return "yes", ""
    if difference.stated is None:
        return "no", "\nthe SBOM of the image does not list it"
    stated = printable_line(difference.stated)
    return "other", f"\nthe SBOM of the image lists version {stated}"


def _listed_row(difference: SbomDifference) -> TableRow:
    """Return the row of a package that only the SBOM lists."""
    name = printable_line(difference.name)
    return TableRow(
        ("", "", "", difference.manager, "only", f"{name} {printable_line(difference.stated or '')}"),
        share=0.0,
        style="muted",
        subject=Subject(copied=difference.name),
        detail=f"{difference.manager} package {name}: the SBOM of the image lists it, but it was not found in the"
        " image",
    )


def _no_packages(analysis: SizeAnalysis) -> str:
    unread = analysis.packages.unread
    exception = f", except {shown_path(unread[0])}, which is not read" if unread else ""
    where = "" if analysis.report.is_complete else " in the layers that could be read"
    return f"No package database was found{where}{exception}."


def package_files(analysis: SizeAnalysis, number: int) -> SizeList[SizedFile]:
    """Return the files of a package."""
    return live_file_list(analysis, analysis.packages.packages[number].positions)


def package_files_title(analysis: SizeAnalysis, number: int) -> str:
    """Return the title of the files of a package."""
    package = analysis.packages.packages[number].package
    return f"Files of {package_label(package.manager, package.name, package.version)}"
