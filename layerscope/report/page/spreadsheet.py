"""The report as one CSV table for a spreadsheet: a row for each layer, file, dead file, duplicate, type and so on."""

import csv
import io
from collections.abc import Iterator
from typing import NamedTuple

from layerscope.report.escape import in_csv
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.remarks import layers_in_order, reason_word, sbom_version
from layerscope.session.summary import layer_title
from layerscope.text import printable_line, printable_path


class CsvRow(NamedTuple):
    """One row; sizes in bytes. ``kind`` is layer, file, dead and so on; fields that do not apply to it are empty."""

    kind: str
    name: str
    size: int | None = None
    layer: int | None = None
    hidden_by: int | None = None
    reason: str = ""
    dead_size: int | None = None
    blob_size: int | None = None
    files: int | None = None
    text: str = ""


def csv_report(analysis: SizeAnalysis) -> str:
    """Return the table; this reads layers and file contents as needed."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(CsvRow._fields)
    for row in _rows(analysis):
        writer.writerow([in_csv(value) if isinstance(value, str) else value for value in row])
    return text.getvalue()


def _rows(analysis: SizeAnalysis) -> Iterator[CsvRow]:
    for secret in analysis.report.secrets:
        text = printable_line(secret.text)
        yield CsvRow("secret", printable_path(secret.path), None, secret.layer, reason=secret.kind, text=text)
    for each in layers_in_order(analysis.report):
        title, sizes = layer_title(analysis.image, each.layer), (each.dead_size, each.blob_size)
        yield CsvRow("layer", title, each.content_size, each.layer, None, "", *sizes)
    yield from _file_rows(analysis)
    for share in analysis.types.sizes:
        yield CsvRow("type", share.type.value, share.size, files=share.files)
    for package in analysis.packages.packages:
        name = printable_line(package.package.name)
        text = printable_line(f"{package.package.manager} {package.package.version}")
        yield CsvRow("package", name, package.size, files=len(package.positions), text=text)
    for difference in analysis.sbom.differences if analysis.sbom else ():
        stated, found = sbom_version(difference.stated), sbom_version(difference.found)
        text = printable_line(f"{difference.manager}: {stated} in the SBOM, {found} in the image")
        yield CsvRow("sbom", printable_line(difference.name), text=text)
    for advice in analysis.report.advice:
        text, files = printable_line(advice.text), len(advice.paths)
        yield CsvRow("advice", advice.kind.value, advice.saves, advice.layer, advice.hidden_by, files=files, text=text)


def _file_rows(analysis: SizeAnalysis) -> Iterator[CsvRow]:
    why, index = analysis.report, analysis.tree.index
    for file in why.largest:
        yield CsvRow("file", printable_path(file.path), file.size, file.layer)
    for entry in why.dead.entries:
        layers = entry.writer, entry.hidden_by
        yield CsvRow("dead", printable_path(entry.path), entry.size, *layers, reason_word(entry.reason))
    for duplicate in why.duplicates:
        text, files = f"{duplicate.saves} bytes more than once", len(duplicate.nodes)
        for node, layer in zip(duplicate.nodes, duplicate.layers, strict=True):
            yield CsvRow("duplicate", printable_path(index.path(node)), duplicate.size, layer, files=files, text=text)
