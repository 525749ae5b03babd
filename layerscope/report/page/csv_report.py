"""The report as one CSV table, for a spreadsheet: a row for each layer, dead file, duplicate, type, package, advice."""

import csv
import io
from collections.abc import Iterator
from typing import TypedDict

from layerscope.report.escape import in_csv
from layerscope.report.titles import title_of
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.text import path_text, printable_line, printable_name


class CsvRow(TypedDict, total=False):
    """One row; sizes in bytes. ``kind`` says what it is of, and what is no part of that kind is left empty."""

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
    """Return the table; it reads what it has to of the image."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for row in _rows(analysis):
        writer.writerow({key: in_csv(value) if isinstance(value, str) else value for key, value in row.items()})
    return text.getvalue()


def _rows(analysis: SizeAnalysis) -> Iterator[CsvRow]:
    yield from _layer_rows(analysis)
    yield from _file_rows(analysis)
    for each in analysis.types.sizes:
        yield {"kind": "type", "name": each.type.value, "size": each.size, "files": each.files}
    for package in analysis.packages.packages:
        name = printable_line(package.package.name)
        text = printable_line(f"{package.package.manager} {package.package.version}")
        yield {"kind": "package", "name": name, "size": package.size, "files": len(package.places), "text": text}
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
    for layer_size in sorted(analysis.report.layers, key=lambda each: each.layer):
        yield {
            "kind": "layer",
            "name": title_of(analysis.image, layer_size.layer),
            "size": layer_size.content_size,
            "layer": layer_size.layer,
            "dead_size": layer_size.dead_size,
            "blob_size": layer_size.blob_size,
        }


def _file_rows(analysis: SizeAnalysis) -> Iterator[CsvRow]:
    why, index = analysis.report, analysis.tree.index
    for one in why.largest:
        yield {"kind": "file", "name": _name(one.path), "size": one.size, "layer": one.layer}
    for entry in why.dead.entries:
        yield {
            "kind": "dead",
            "name": _name(entry.path),
            "size": entry.size,
            "layer": entry.writer,
            "hidden_by": entry.hidden_by,
            "reason": entry.reason.value if entry.reason else "unknown",
        }
    for duplicate in why.duplicates:
        text = f"{duplicate.saves} bytes more than once"
        for node, layer in zip(duplicate.nodes, duplicate.layers, strict=True):
            yield {
                "kind": "duplicate",
                "name": _name(index.path(node)),
                "size": duplicate.size,
                "layer": layer,
                "files": len(duplicate.nodes),
                "text": text,
            }


def _name(path: bytes) -> str:
    return printable_name(path_text(path))
