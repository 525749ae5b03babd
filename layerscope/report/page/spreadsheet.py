"""The report as one CSV table for a spreadsheet: a row for each layer, file, dead file, duplicate, type and so on."""

import csv
import io
from collections.abc import Iterator
from typing import TypedDict

from layerscope.report.escape import in_csv
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.remarks import layers_in_order, reason_word, sbom_version
from layerscope.session.summary import layer_title
from layerscope.text import printable_line, printable_path


class CsvRow(TypedDict, total=False):
    """One row; sizes in bytes. ``kind`` is layer, file, dead and so on; fields that do not apply to it are empty."""

    kind: str
    name: str
    size: int | None
    layer: int
    hidden_by: int | None
    reason: str
    dead_size: int | None
    blob_size: int | None
    files: int
    text: str


COLUMNS = tuple(CsvRow.__annotations__)


def csv_report(analysis: SizeAnalysis) -> str:
    """Return the table; this reads layers and file contents as needed."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for row in _rows(analysis):
        writer.writerow({key: in_csv(value) if isinstance(value, str) else value for key, value in row.items()})
    return text.getvalue()


def _rows(analysis: SizeAnalysis) -> Iterator[CsvRow]:
    for secret in analysis.report.secrets:
        text = printable_line(secret.text)
        yield {
            "kind": "secret",
            "name": printable_path(secret.path),
            "layer": secret.layer,
            "reason": secret.kind,
            "text": text,
        }
    yield from _layer_rows(analysis)
    yield from _file_rows(analysis)
    for each in analysis.types.sizes:
        yield {"kind": "type", "name": each.type.value, "size": each.size, "files": each.files}
    for package in analysis.packages.packages:
        name = printable_line(package.package.name)
        text = printable_line(f"{package.package.manager} {package.package.version}")
        yield {"kind": "package", "name": name, "size": package.size, "files": len(package.positions), "text": text}
    for difference in analysis.sbom.differences if analysis.sbom else ():
        stated, found = sbom_version(difference.stated), sbom_version(difference.found)
        text = printable_line(f"{difference.manager}: {stated} in the SBOM, {found} in the image")
        yield {"kind": "sbom", "name": printable_line(difference.name), "text": text}
    for advice in analysis.report.advice:
        yield {
            "kind": "advice",
            "name": advice.kind.value,
            "size": advice.saves,
            "layer": advice.layer,
            "hidden_by": advice.hidden_by,
            "files": len(advice.paths),
            "text": printable_line(advice.text),
        }


def _layer_rows(analysis: SizeAnalysis) -> Iterator[CsvRow]:
    for layer_size in layers_in_order(analysis.report):
        yield {
            "kind": "layer",
            "name": layer_title(analysis.image, layer_size.layer),
            "size": layer_size.content_size,
            "layer": layer_size.layer,
            "dead_size": layer_size.dead_size,
            "blob_size": layer_size.blob_size,
        }


def _file_rows(analysis: SizeAnalysis) -> Iterator[CsvRow]:
    why, index = analysis.report, analysis.tree.index
    for file in why.largest:
        yield {"kind": "file", "name": printable_path(file.path), "size": file.size, "layer": file.layer}
    for entry in why.dead.entries:
        yield {
            "kind": "dead",
            "name": printable_path(entry.path),
            "size": entry.size,
            "layer": entry.writer,
            "hidden_by": entry.hidden_by,
            "reason": reason_word(entry.reason),
        }
    for duplicate in why.duplicates:
        text = f"{duplicate.saves} bytes more than once"
        for node, layer in zip(duplicate.nodes, duplicate.layers, strict=True):
            yield {
                "kind": "duplicate",
                "name": printable_path(index.path(node)),
                "size": duplicate.size,
                "layer": layer,
                "files": len(duplicate.nodes),
                "text": text,
            }
