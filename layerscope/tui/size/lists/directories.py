"""The layers of an image, and the entries of a folder, by size."""

from layerscope.analysis.size.directories import DirectoryRow
from layerscope.analysis.size.layers_and_files import LayerSize
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.columns import directory_table, layer_table
from layerscope.text import human_size, path_text, plural, printable_path, size_or_blank
from layerscope.tui.size.lists.model import Order, SizeList, Subject, layer_title
from layerscope.tui.size.state import SizeView, Topic
from layerscope.tui.widgets.row_table import TableRow


def directory_list(analysis: SizeAnalysis, folder: int = 0) -> SizeList[int]:
    """Return the entries right below a folder, those with the longest bars first."""
    sizes, index = analysis.directories, analysis.tree.index

    def about(_: int, node: int) -> TableRow:
        row = sizes.row(node)
        topic = Topic(SizeView.DIRECTORIES, node) if row.is_directory else None
        return TableRow(
            (),
            style="folder" if row.is_directory else None,
            subject=Subject(node, analysis.tree.layers[-1], topic=topic),
            detail=entry_words(analysis, row),
        )

    return SizeList(
        table=directory_table(analysis, folder),
        about=about,
        orders=(
            Order("live and dead bytes", title=""),
            Order("size", lambda node: -sizes.size(node)),
            Order("dead bytes", lambda node: -sizes.dead(node), "dead"),
            Order("files", lambda node: -sizes.row(node).files),
            Order("name", index.name),
        ),
        text=lambda node: path_text(index.name(node))[1:],
        when_empty=empty_folder_sentence(analysis),
    )


def empty_folder_sentence(analysis: SizeAnalysis) -> str:
    """Return the sentence to show instead of the entries of a folder without any bytes."""
    if analysis.report.is_complete:
        return "Nothing in this folder has any content."
    return "No content of this folder is known: not all layers could be read."


def entry_words(analysis: SizeAnalysis, row: DirectoryRow) -> str:
    """Return a file or folder with the bytes that it holds."""
    dead = size_or_blank(row.dead)
    live = f"{human_size(row.size)} in {plural(row.files, 'file')}" if row.files or not dead else ""
    parts = filter(None, (live, f"{dead} of dead files" if dead else ""))
    return f"{printable_path(analysis.tree.index.path(row.node))}: {', and '.join(parts)}"


def layer_list(analysis: SizeAnalysis) -> SizeList[LayerSize]:
    """Return the layers, the largest first."""

    def about(_: int, row: LayerSize) -> TableRow:
        subject = Subject(layer=row.layer, copied=analysis.image.step(row.layer).title)
        return TableRow((), subject=subject, detail=f"Layer {row.layer}: {layer_title(analysis, row.layer)}")

    return SizeList(
        table=layer_table(analysis, analysis.report.layers),
        about=about,
        orders=(
            Order("content"),
            Order("dead bytes", lambda row: -(row.dead_size or 0), "dead"),
            Order("hidden bytes", lambda row: -(row.hides_size or 0), "hides"),
            Order("number", lambda row: row.layer, "layer"),
        ),
        text=lambda row: analysis.image.step(row.layer).title,
        when_empty="This image has no layers.",
    )
