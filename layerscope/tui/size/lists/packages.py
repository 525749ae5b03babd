"""The packages of the final image, and the files of each."""

from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.columns import PackageRow, SizedFile, package_table
from layerscope.session.size.remarks import no_packages_sentence, package_label
from layerscope.text import plural, printable_line
from layerscope.tui.size.lists.files import live_file_list
from layerscope.tui.size.lists.model import Order, SizeList, Subject
from layerscope.tui.size.state import SizeView, Topic
from layerscope.tui.widgets.row_table import TableRow


def package_list(analysis: SizeAnalysis) -> SizeList[PackageRow]:
    """Return the packages, the largest first, and after them those that only the SBOM of the image lists."""
    by_difference = Order[PackageRow]("difference from the SBOM", lambda row: row.difference is None)
    return SizeList(
        table=package_table(analysis, with_sbom=True),
        about=_about,
        orders=(
            Order("size"),
            Order("files", lambda row: -(row.files or 0)),
            Order("name", lambda row: row.text),
            *([by_difference] if analysis.sbom is not None else []),
        ),
        text=lambda row: row.text,
        when_empty=no_packages_sentence(analysis.report, analysis.packages),
    )


def _about(number: int, row: PackageRow) -> TableRow:
    package, difference = f"{row.manager} package {printable_line(row.name)}", row.difference
    if row.files is None:
        detail = f"{package}: the SBOM of the image lists it, but it was not found in the image"
        return TableRow((), style="muted", subject=Subject(copied=row.name), detail=detail)
    detail = f"{package}: {plural(row.files, 'file')} of its own in the final image"
    if difference is not None and difference.stated is None:
        detail += "\nthe SBOM of the image does not list it"
    elif difference is not None:
        detail += f"\nthe SBOM of the image lists version {printable_line(difference.stated or '')}"
    # the packages of the image come first, so that their numbers are their positions there
    return TableRow((), subject=Subject(topic=Topic(SizeView.PACKAGES, number), copied=row.name), detail=detail)


def package_files(analysis: SizeAnalysis, number: int) -> SizeList[SizedFile]:
    """Return the files of a package."""
    return live_file_list(analysis, analysis.packages.packages[number].positions)


def package_files_title(analysis: SizeAnalysis, number: int) -> str:
    """Return the title of the files of a package."""
    package = analysis.packages.packages[number].package
    return f"Files of {package_label(package.manager, package.name, package.version)}"
