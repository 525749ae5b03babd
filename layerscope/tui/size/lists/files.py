"""Files by size, by type and by the cause of their death, and the files that are secrets."""

from collections.abc import Iterable

from layerscope.analysis.advice.secrets import Secret
from layerscope.analysis.file_types.sizes import TypeSize
from layerscope.analysis.size.dead import DeadGroup, dead_groups
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.columns import SizedFile, dead_file, dead_table, file_table, secret_table, type_table
from layerscope.session.size.remarks import no_dead_sentence, reason_label
from layerscope.text import human_size, path_text, plural, printable_line, printable_path
from layerscope.tui.size.lists.model import Order, SizeList, Subject, layer_title
from layerscope.tui.size.state import SizeView, Topic
from layerscope.tui.widgets.row_table import TableRow


def advised_files(analysis: SizeAnalysis, number: int) -> SizeList[SizedFile]:
    """Return the files that a piece of advice leaves out of the image."""
    return occurrence_list(analysis, analysis.report.advice[number].files)


def occurrence_list(analysis: SizeAnalysis, files: Iterable[int]) -> SizeList[SizedFile]:
    """Return files, live and dead ones, given their occurrences."""
    index, tree = analysis.tree.index, analysis.tree
    dead = {entry.occurrence: entry for entry in analysis.report.dead.entries}
    return file_list(
        analysis,
        (
            dead_file(dead[file])
            if file in dead
            else SizedFile(index.node_of(file), tree.own_size(file), index.layers[file])
            for file in files
        ),
    )


def live_file_list(analysis: SizeAnalysis, positions: Iterable[int]) -> SizeList[SizedFile]:
    """Return files of the final image, given their positions among the live files."""
    live = analysis.report.live
    return file_list(analysis, (SizedFile(live.nodes[at], live.sizes[at], live.layers[at]) for at in positions))


def file_list(analysis: SizeAnalysis, files: Iterable[SizedFile]) -> SizeList[SizedFile]:
    """Return files, the largest first; empty ones are left out."""
    path = analysis.tree.index.path

    def about(_: int, file: SizedFile) -> TableRow:
        detail = (
            f"{printable_path(path(file.node))}\nwritten by layer {file.layer}: {layer_title(analysis, file.layer)}"
        )
        layer = analysis.tree.layers[-1]
        if file.hidden_by is not None:
            layer, reason = file.layer, reason_label(file.reason)
            detail += f"\nhidden by layer {file.hidden_by} ({reason}): {layer_title(analysis, file.hidden_by)}"
        return TableRow((), subject=Subject(file.node, layer, file.hidden_by), detail=detail)

    return SizeList(
        table=file_table(analysis, files),
        about=about,
        orders=(
            Order("size"),
            Order("path", lambda file: path(file.node)),
            Order("layer", lambda file: (file.layer, -file.size)),
        ),
        text=lambda file: path_text(path(file.node))[1:],
        when_empty="None of its files has any content in the final image.",
    )


def type_list(analysis: SizeAnalysis) -> SizeList[TypeSize]:
    """Return the file types, the largest first."""

    def about(number: int, row: TypeSize) -> TableRow:
        name = row.type.value
        return TableRow(
            (),
            subject=Subject(topic=Topic(SizeView.TYPES, number), copied=name),
            detail=f"{name}: {human_size(row.size)} in {plural(row.files, 'file')} of the final image",
        )

    return SizeList(
        table=type_table(analysis),
        about=about,
        orders=(
            Order("size"),
            Order("files", lambda row: -row.files),
            Order("name", lambda row: row.type.value, "type"),
        ),
        text=lambda row: row.type.value,
        when_empty="The final image has no files." if analysis.report.is_complete else "No file could be read.",
    )


def type_files(analysis: SizeAnalysis, number: int) -> SizeList[SizedFile]:
    """Return the files of a type."""
    wanted, types = analysis.types.sizes[number].type, analysis.types.types
    return live_file_list(analysis, (position for position, kind in enumerate(types) if kind is wanted))


def dead_list(analysis: SizeAnalysis) -> SizeList[DeadGroup]:
    """Return the causes of dead bytes, the largest first."""

    def about(number: int, group: DeadGroup) -> TableRow:
        writer, hiding = (layer_title(analysis, layer) for layer in (group.writer, group.hidden_by))
        return TableRow(
            (),
            subject=Subject(topic=Topic(SizeView.DEAD, number), copied=f"{writer}\n{hiding}"),
            detail=f"{plural(len(group.entries), 'file')}, {reason_label(group.reason)}\n"
            f"written by layer {group.writer}: {writer}\nhidden by layer {group.hidden_by}: {hiding}",
        )

    return SizeList(
        table=dead_table(analysis),
        about=about,
        orders=(
            Order("size"),
            Order("files", lambda group: -len(group.entries)),
            Order("layer that wrote", lambda group: group.writer, "wrote"),
            Order("layer that hid", lambda group: group.hidden_by, "hid"),
        ),
        text=lambda group: f"{reason_label(group.reason)} {analysis.image.step(group.writer).title}",
        texts_below=lambda group: (path_text(entry.path)[1:] for entry in group.entries),
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


def secret_list(analysis: SizeAnalysis) -> SizeList[Secret]:
    """Return all secrets, by layer."""

    def about(_: int, secret: Secret) -> TableRow:
        detail = f"{secret.text}\nlayer {secret.layer}: {printable_line(layer_title(analysis, secret.layer))}"
        return TableRow((), style="error", subject=Subject(secret.node, secret.layer), detail=detail)

    return SizeList(
        table=secret_table(analysis),
        about=about,
        orders=(Order("layer"), Order("path", lambda secret: secret.path)),
        text=lambda secret: path_text(secret.path)[1:],
        when_empty="No secret was found.",
    )
