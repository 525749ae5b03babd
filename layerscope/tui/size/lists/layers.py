"""The layers of an image by size."""

from layerscope.analysis.size.layers_and_files import LayerSize
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.text import human_share, human_size, size_or_blank
from layerscope.tui.size.lists.model import SHARE, SIZE_WIDTH, Order, SizeList, Subject, count_column, layer_title
from layerscope.tui.widgets.row_table import TableColumn, TableRow


def layer_list(analysis: SizeAnalysis) -> SizeList[LayerSize]:
    """Return the layers, the largest first."""
    report = analysis.report
    largest = max((layer_size.content_size or 0 for layer_size in report.layers), default=0) or 1

    def build(layer_size: LayerSize) -> TableRow:
        instruction = layer_title(analysis, layer_size.layer)
        return TableRow(
            (
                str(layer_size.layer),
                human_size(layer_size.content_size),
                human_share(layer_size.content_size, report.total_size),
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
        build=build,
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
