"""The packages of the final image, and the files of each."""

from layerscope.analysis.packages.sbom import SbomDifference
from layerscope.analysis.packages.sizes import MANAGERS
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.remarks import package_label
from layerscope.text import human_share, human_size, plural, printable_line
from layerscope.tui.size.lists.files import SizedFile, live_file_list
from layerscope.tui.size.lists.model import SHARE, SIZE, Order, SizeList, Subject, count_column, shown_path
from layerscope.tui.size.state import Place, SizeView
from layerscope.tui.widgets.row_table import TableColumn, TableRow

_SBOM = TableColumn("SBOM", width=5)


def package_list(analysis: SizeAnalysis) -> SizeList[int]:
    """Return the packages, the largest first, and after them those that only the SBOM of the image lists."""
    packages, total = analysis.packages.packages, sum(analysis.report.live.sizes)
    differences = analysis.sbom.differences if analysis.sbom else ()
    listed = [each for each in differences if each.found is None]
    differing = {(each.manager, each.name, each.found): each for each in differences}
    names = [f"{each.package.name} {each.package.version}" for each in packages]
    names += [f"{each.name} {each.stated}" for each in listed]
    files = [*(len(each.places) for each in packages), *(0 for _ in listed)]
    agree = [*(each.package[:3] not in differing for each in packages), *(False for _ in listed)]
    largest = max((package.size for package in packages), default=0) or 1

    def build(number: int) -> TableRow:
        if number >= len(packages):
            return _listed_row(listed[number - len(packages)])
        row = packages[number]
        manager, name, version = row.package.manager, *map(printable_line, row.package[1:3])
        own = plural(len(row.places), "file")
        cell, sentence = _in_sbom(differing.get(row.package[:3])) if analysis.sbom else ("", "")
        return TableRow(
            (
                human_share(row.size, total),
                human_size(row.size),
                f"{len(row.places):,}",
                manager,
                *([cell] if analysis.sbom else []),
                f"{name} {version}",
            ),
            share=row.size / largest,
            subject=Subject(place=Place(SizeView.PACKAGES, number), copied=row.package.name),
            detail=f"{manager} package {name}: {own} of its own in the final image{sentence}",
        )

    columns = (
        SHARE,
        SIZE,
        count_column("files", max(files, default=0)),
        TableColumn("by", width=max(len(manager.name) for manager in MANAGERS)),
        *([_SBOM] if analysis.sbom else []),
        TableColumn("package"),
    )

    return SizeList(
        columns=columns,
        records=range(len(packages) + len(listed)),
        build=build,
        orders=(
            Order("size", lambda number: number),
            Order("files", lambda number: -files[number]),
            Order("name", lambda number: names[number]),
            *([Order[int]("difference from the SBOM", lambda number: agree[number])] if analysis.sbom else []),
        ),
        text=lambda number: names[number],
        size=lambda number: packages[number].size if number < len(packages) else 0,
        when_empty=_no_packages(analysis),
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
    manager, name, version = map(printable_line, (difference.manager, difference.name, difference.stated or ""))
    return TableRow(
        ("", "", "", manager, "only", f"{name} {version}"),
        share=0.0,
        style="muted",
        subject=Subject(copied=difference.name),
        detail=f"{manager} package {name}: the SBOM of the image lists it, but it was not found in the image",
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
