"""Files by size: those of a group, live or dead."""

from collections.abc import Iterable
from typing import NamedTuple

from layerscope.analysis.size.dead import DeadEntry
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.remarks import reason_label
from layerscope.text import human_size, path_text
from layerscope.tui.size.lists.model import PATH, SIZE, Order, SizeList, Subject, count_column, layer_title, shown_path
from layerscope.tui.widgets.row_table import TableRow


class SizedFile(NamedTuple):
    """A file of a list: ``layer`` wrote it, and ``hidden_by`` hid it if it is dead; ``reason`` is a word."""

    node: int
    size: int
    layer: int
    hidden_by: int | None = None
    reason: str = ""


def dead_file(entry: DeadEntry) -> SizedFile:
    """Return a dead file as the record of a list."""
    return SizedFile(entry.node, entry.size, entry.writer, entry.hidden_by, reason_label(entry.reason))


def advised_files(analysis: SizeAnalysis, number: int) -> SizeList[SizedFile]:
    """Return the files that a piece of advice leaves out of the image."""
    index, tree = analysis.tree.index, analysis.tree
    dead = {entry.occurrence: entry for entry in analysis.report.dead.entries}
    return file_list(
        analysis,
        (
            dead_file(dead[file])
            if file in dead
            else SizedFile(index.node_of(file), tree.own_size(file), index.layers[file])
            for file in analysis.report.advice[number].files
        ),
    )


def live_file_list(analysis: SizeAnalysis, positions: Iterable[int]) -> SizeList[SizedFile]:
    """Return files of the final image, given their positions among the live files."""
    live = analysis.report.live
    return file_list(analysis, (SizedFile(live.nodes[at], live.sizes[at], live.layers[at]) for at in positions))


def file_list(analysis: SizeAnalysis, files: Iterable[SizedFile]) -> SizeList[SizedFile]:
    """Return files, the largest first; empty ones are left out."""
    records = sorted((file for file in files if file.size), key=lambda file: (-file.size, file.node))
    largest, layers, path = records[0].size if records else 1, len(analysis.image.layers), analysis.tree.index.path
    has_dead = any(file.hidden_by for file in records)

    def build(file: SizedFile) -> TableRow:
        name, is_dead = shown_path(path(file.node)), file.hidden_by is not None
        hidden = [str(file.hidden_by or "")] if has_dead else []
        detail = f"{name}\nwritten by layer {file.layer}: {layer_title(analysis, file.layer)}"
        if file.hidden_by is not None:
            detail += f"\nhidden by layer {file.hidden_by} ({file.reason}): {layer_title(analysis, file.hidden_by)}"
        return TableRow(
            (human_size(file.size), str(file.layer), *hidden, name),
            share=file.size / largest,
            dead_share=file.size / largest if is_dead else 0,
            subject=Subject(file.node, file.layer if is_dead else analysis.tree.layers[-1], file.hidden_by),
            detail=detail,
        )

    hid = [count_column("hid", layers)] if has_dead else []
    return SizeList(
        columns=(SIZE, count_column("layer", layers), *hid, PATH),
        records=records,
        build=build,
        orders=(
            Order("size", lambda file: -file.size),
            Order("path", lambda file: path(file.node)),
            Order("layer", lambda file: (file.layer, -file.size)),
        ),
        text=lambda file: path_text(path(file.node))[1:],
        size=lambda file: file.size,
        when_empty="None of its files has any content in the final image.",
    )
