"""The layers of an image, and the entries of a folder, by size."""

from layerscope.analysis.size.directories import DirectoryRow
from layerscope.analysis.size.layers_and_files import LayerSize
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.text import human_share, human_size, path_text, plural, printable_name, size_or_blank
from layerscope.tui.size.lists.model import (
    SHARE,
    SIZE,
    SIZE_WIDTH,
    Order,
    SizeList,
    Subject,
    count_column,
    layer_title,
    shown_path,
)
from layerscope.tui.size.state import SizeView, Topic
from layerscope.tui.widgets.row_table import TableColumn, TableRow


def directory_list(analysis: SizeAnalysis, folder: int = 0) -> SizeList[int]:
    """Return the entries right below a folder, the largest first."""
    sizes, index = analysis.directories, analysis.tree.index
    nodes, whole = sizes.nodes(folder), sizes.row(folder)
    largest = max((sizes.size(node) + sizes.dead(node) for node in nodes), default=0) or 1
    columns = (
        SHARE,
        SIZE,
        TableColumn("dead", right=True, width=SIZE_WIDTH),
        count_column("files", whole.files),
        TableColumn("name", is_path=True),
    )
    return SizeList(
        columns=columns,
        records=nodes,
        build=lambda node: directory_row(analysis, sizes.row(node), largest, whole.size),
        orders=(
            Order("size", lambda node: -sizes.size(node)),
            Order("dead bytes", lambda node: -sizes.dead(node)),
            Order("name", index.name),
        ),
        text=lambda node: path_text(index.name(node))[1:],
        size=sizes.size,
        when_empty=empty_folder_sentence(analysis),
    )


def empty_folder_sentence(analysis: SizeAnalysis) -> str:
    """Return the sentence to show instead of the entries of a folder without any bytes."""
    if analysis.report.is_complete:
        return "Nothing in this folder has any content."
    return "No content of this folder is known: not all layers could be read."


def directory_row(analysis: SizeAnalysis, row: DirectoryRow, largest: int, whole: int) -> TableRow:
    """Return the row of a file or folder in a folder of ``whole`` bytes; the largest entry fills the bar."""
    index = analysis.tree.index
    name = printable_name(row.name) + ("/" if row.is_directory else "")
    dead = size_or_blank(row.dead)
    live = f"{human_size(row.size)} in {plural(row.files, 'file')}" if row.files or not dead else ""
    parts = filter(None, (live, f"{dead} of dead files" if dead else ""))
    topic = Topic(SizeView.DIRECTORIES, row.node) if row.is_directory else None
    return TableRow(
        (human_share(row.size, whole), human_size(row.size), dead, f"{row.files:,}", name),
        share=(row.size + row.dead) / largest,
        dead_share=row.dead / largest,
        style="folder" if row.is_directory else None,
        subject=Subject(row.node, analysis.tree.layers[-1], topic=topic),
        detail=f"{shown_path(index.path(row.node))}: {', and '.join(parts)}",
    )


def layer_list(analysis: SizeAnalysis) -> SizeList[LayerSize]:
    """Return the layers, the largest first."""
    report = analysis.report
    largest = max((layer_size.content_size or 0 for layer_size in report.layers), default=0) or 1

    columns = (
        count_column("layer", len(report.layers)),
        TableColumn("content", right=True, width=SIZE_WIDTH),
        SHARE,
        *(TableColumn(title, right=True, width=SIZE_WIDTH) for title in ("dead", "hides", "blob")),
        TableColumn("instruction"),
    )
    return SizeList(
        columns=columns,
        records=report.layers,
        build=lambda layer_size: _layer_row(analysis, layer_size, largest),
        orders=(
            Order("content", lambda row: -(row.content_size or 0)),
            Order("dead bytes", lambda row: -(row.dead_size or 0)),
            Order("hidden bytes", lambda row: -(row.hides_size or 0)),
            Order("number", lambda row: row.layer),
        ),
        text=lambda row: analysis.image.step(row.layer).title,
        size=lambda row: row.content_size or 0,
        when_empty="This image has no layers.",
    )


def _layer_row(analysis: SizeAnalysis, layer_size: LayerSize, largest: int) -> TableRow:
    instruction = layer_title(analysis, layer_size.layer)
    return TableRow(
        (
            str(layer_size.layer),
            human_size(layer_size.content_size),
            human_share(layer_size.content_size, analysis.report.total_size),
            size_or_blank(layer_size.dead_size),
            size_or_blank(layer_size.hides_size),
            human_size(layer_size.blob_size),
            instruction,
        ),
        share=(layer_size.content_size or 0) / largest,
        dead_share=(layer_size.dead_size or 0) / largest,
        subject=Subject(layer=layer_size.layer, copied=analysis.image.step(layer_size.layer).title),
        detail=f"Layer {layer_size.layer}: {instruction}",
    )
