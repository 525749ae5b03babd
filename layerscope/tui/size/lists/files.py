"""Files by size, by type and by the cause of their death, and the files that are secrets."""

from collections.abc import Iterable
from typing import NamedTuple

from layerscope.analysis.advice.secrets import Secret
from layerscope.analysis.size.dead import DeadEntry, DeadGroup, dead_groups
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.remarks import no_dead_sentence, reason_label
from layerscope.text import human_share, human_size, path_text, plural, printable_line
from layerscope.tui.size.lists.model import (
    PATH,
    SHARE,
    SIZE,
    Order,
    SizeList,
    Subject,
    count_column,
    layer_title,
    shown_path,
)
from layerscope.tui.size.state import SizeView, Topic
from layerscope.tui.widgets.row_table import TableColumn, TableRow

ALL_SECRETS = -1
"""The subject of the topic that lists all secrets."""


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


def type_list(analysis: SizeAnalysis) -> SizeList[int]:
    """Return the file types, the largest first."""
    sizes = analysis.types.sizes
    largest = max((type_size.size for type_size in sizes), default=0) or 1
    total = sum(type_size.size for type_size in sizes)

    def build(number: int) -> TableRow:
        row, name = sizes[number], sizes[number].type.value
        return TableRow(
            (human_share(row.size, total), human_size(row.size), f"{row.files:,}", name),
            share=row.size / largest,
            subject=Subject(topic=Topic(SizeView.TYPES, number), copied=name),
            detail=f"{name}: {human_size(row.size)} in {plural(row.files, 'file')} of the final image",
        )

    files = count_column("files", max((type_size.files for type_size in sizes), default=0))
    return SizeList(
        columns=(SHARE, SIZE, files, TableColumn("type")),
        records=range(len(sizes)),
        build=build,
        orders=(
            Order("size", lambda number: number),
            Order("files", lambda number: -sizes[number].files),
            Order("name", lambda number: sizes[number].type.value),
        ),
        text=lambda number: sizes[number].type.value,
        size=lambda number: sizes[number].size,
        when_empty="The final image has no files." if analysis.report.is_complete else "No file could be read.",
    )


def type_files(analysis: SizeAnalysis, number: int) -> SizeList[SizedFile]:
    """Return the files of a type."""
    wanted, types = analysis.types.sizes[number].type, analysis.types.types
    return live_file_list(analysis, (position for position, kind in enumerate(types) if kind is wanted))


def dead_list(analysis: SizeAnalysis) -> SizeList[int]:
    """Return the causes of dead bytes, the largest first."""
    groups = dead_groups(analysis.report.dead.entries)
    largest = max((group.size for group in groups), default=0) or 1
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
        build=lambda number: _dead_row(analysis, number, groups[number], largest),
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


def _dead_row(analysis: SizeAnalysis, number: int, group: DeadGroup, largest: int) -> TableRow:
    reason, files = reason_label(group.reason), len(group.entries)
    writer, hiding = (layer_title(analysis, layer) for layer in (group.writer, group.hidden_by))
    return TableRow(
        (human_size(group.size), f"{files:,}", reason, str(group.writer), str(group.hidden_by), writer),
        share=group.size / largest,
        dead_share=group.size / largest,
        subject=Subject(topic=Topic(SizeView.DEAD, number), copied=f"{writer}\n{hiding}"),
        detail=f"{plural(files, 'file')}, {reason}\nwritten by layer {group.writer}: {writer}\n"
        f"hidden by layer {group.hidden_by}: {hiding}",
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
    secrets, layers = analysis.report.secrets, len(analysis.image.layers)

    def build(secret: Secret) -> TableRow:
        return TableRow(
            (str(secret.layer), str(secret.removed_in or ""), secret.kind.words, shown_path(secret.path)),
            style="error",
            subject=Subject(secret.node, secret.layer),
            detail=f"{secret.text}\nlayer {secret.layer}: {printable_line(layer_title(analysis, secret.layer))}",
        )

    return SizeList(
        columns=(
            count_column("layer", layers),
            count_column("removed in", layers),
            TableColumn("secret", width=max((len(secret.kind.words) for secret in secrets), default=0)),
            PATH,
        ),
        records=secrets,
        build=build,
        orders=(Order("layer", lambda secret: secret.layer), Order("path", lambda secret: secret.path)),
        text=lambda secret: path_text(secret.path)[1:],
        size=lambda secret: secret.size,
        when_empty="No secret was found.",
    )
