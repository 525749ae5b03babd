"""The causes of dead bytes, and the files of each."""

from layerscope.analysis.size.dead import dead_groups
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.remarks import no_dead_sentence, reason_label
from layerscope.text import human_size, plural
from layerscope.tui.size.lists.files import SizedFile, dead_file, file_list
from layerscope.tui.size.lists.model import SIZE, Order, SizeList, Subject, count_column, layer_title
from layerscope.tui.size.state import Place, SizeView
from layerscope.tui.widgets.row_table import TableColumn, TableRow


def dead_list(analysis: SizeAnalysis) -> SizeList[int]:
    """Return the causes of dead bytes, the largest first."""
    groups = dead_groups(analysis.report.dead.entries)
    largest = max((group.size for group in groups), default=0) or 1

    def build(number: int) -> TableRow:
        group = groups[number]
        reason, files = reason_label(group.reason), len(group.entries)
        writer, hiding = (layer_title(analysis, layer) for layer in (group.writer, group.hidden_by))
        return TableRow(
            (human_size(group.size), f"{files:,}", reason, str(group.writer), str(group.hidden_by), writer),
            share=group.size / largest,
            dead_share=group.size / largest,
            subject=Subject(place=Place(SizeView.DEAD, number), copied=f"{writer}\n{hiding}"),
            detail=f"{plural(files, 'file')}, {reason}\nwritten by layer {group.writer}: {writer}\n"
            f"hidden by layer {group.hidden_by}: {hiding}",
        )

    layers = len(analysis.image.layers)
    columns = (
        SIZE,
        count_column("files", max((len(group.entries) for group in groups), default=0)),
        TableColumn("reason", width=max((len(reason_label(group.reason)) for group in groups), default=0)),
        count_column("wrote", layers),
        count_column("hid", layers),
        TableColumn("written by"),
    )
    return SizeList(
        columns=columns,
        records=range(len(groups)),
        build=build,
        orders=(
            Order("size", lambda number: number),
            Order("files", lambda number: -len(groups[number].entries)),
            Order("layer that wrote", lambda number: groups[number].writer),
            Order("layer that hid", lambda number: groups[number].hidden_by),
        ),
        text=lambda number: f"{reason_label(groups[number].reason)} {analysis.image.step(groups[number].writer).title}",
        size=lambda number: groups[number].size,
        when_empty=no_dead_sentence(analysis.report),
    )


def dead_files(analysis: SizeAnalysis, number: int) -> SizeList[SizedFile]:
    """Return the files of a cause."""
    group = dead_groups(analysis.report.dead.entries)[number]
    return file_list(analysis, map(dead_file, group.entries))


def dead_files_title(analysis: SizeAnalysis, number: int) -> str:
    """Return the title of the files of a cause."""
    group = dead_groups(analysis.report.dead.entries)[number]
    words = f"{human_size(group.size)} {reason_label(group.reason)}"
    return f"{words}, written by layer {group.writer}, hidden by layer {group.hidden_by}"
