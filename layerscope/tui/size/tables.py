"""The tables of the size view. Their rows are built when they are drawn, because an image may have a million files."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from layerscope.analysis.advice.secrets import Secret
from layerscope.analysis.size.directories import DirectoryRow
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.remarks import no_advice_sentence, no_dead_sentence, reason_word
from layerscope.text import human_share, human_size, path_text, plural, printable_line, printable_name
from layerscope.tui.drawing.cells import excerpt
from layerscope.tui.widgets.row_table import TableColumn, TableRow, TableRows, Target

_MOST_PATHS = 30
"""The most paths that the details of a row list."""

_SIZE_WIDTH, _SHARE_WIDTH = 7, 6
_SHARE = TableColumn("share", right=True, width=_SHARE_WIDTH)
_SIZE = TableColumn("size", right=True, width=_SIZE_WIDTH)


@dataclass(frozen=True, slots=True)
class SizeTable:
    """A table: its columns, its rows, and the sentence to show if there are no rows."""

    columns: tuple[TableColumn, ...]
    rows: TableRows
    when_empty: str


@dataclass(frozen=True, slots=True)
class RowsOnDemand:
    """Rows that are built one by one; ``build`` returns the row of an index below ``count``."""

    count: int
    build: Callable[[int], TableRow]

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int, /) -> TableRow:
        if not 0 <= index < self.count:
            raise IndexError(index)
        return self.build(index)


def _count_column(title: str, largest: int) -> TableColumn:
    """Return a column of numbers up to the largest one."""
    return TableColumn(title, right=True, width=len(f"{largest:,}"))


def layer_table(analysis: SizeAnalysis) -> SizeTable:
    """Return the layers, the largest first."""
    report, image = analysis.report, analysis.image
    largest = max((layer_size.content_size or 0 for layer_size in report.layers), default=0) or 1

    def build(index: int) -> TableRow:
        layer_size = report.layers[index]
        instruction = excerpt(image.step(layer_size.layer).title)
        return TableRow(
            (
                str(layer_size.layer),
                human_size(layer_size.content_size),
                human_share(layer_size.content_size, report.total_size),
                human_size(layer_size.dead_size) if layer_size.dead_size != 0 else "",
                human_size(layer_size.hidden_size) if layer_size.hidden_size != 0 else "",
                human_size(layer_size.blob_size),
                instruction,
            ),
            share=(layer_size.content_size or 0) / largest,
            dead_share=(layer_size.dead_size or 0) / largest,
            target=Target(layer_size.layer),
            detail=f"Layer {layer_size.layer}: {instruction}",
        )

    columns = (
        _count_column("layer", len(report.layers)),
        TableColumn("content", right=True, width=_SIZE_WIDTH),
        _SHARE,
        *(TableColumn(title, right=True, width=_SIZE_WIDTH) for title in ("dead", "hides", "blob")),
        TableColumn("instruction"),
    )
    return SizeTable(columns, RowsOnDemand(len(report.layers), build), "This image has no layers.")


def directory_table(analysis: SizeAnalysis, folder: int) -> SizeTable:
    """Return the entries right below a folder, the largest first."""
    sizes = analysis.directories
    nodes, whole = sizes.nodes(folder), sizes.row(folder)
    largest = max((sizes.size(node) + sizes.dead(node) for node in nodes), default=0) or 1
    columns = (
        _SHARE,
        _SIZE,
        TableColumn("dead", right=True, width=_SIZE_WIDTH),
        _count_column("files", whole.files),
        TableColumn("name"),
    )
    rows = RowsOnDemand(len(nodes), lambda index: directory_row(analysis, sizes.row(nodes[index]), largest, whole.size))
    return SizeTable(columns, rows, empty_folder_sentence(analysis))


def empty_folder_sentence(analysis: SizeAnalysis) -> str:
    """Return the sentence to show instead of the entries of a folder without any bytes."""
    if analysis.report.is_complete:
        return "Nothing in this folder has any content."
    return "No content of this folder is known: not all layers could be read."


def directory_row(analysis: SizeAnalysis, row: DirectoryRow, largest: int, whole: int) -> TableRow:
    """Return the row of a file or folder in a folder of ``whole`` bytes; the largest entry fills the bar."""
    index, last = analysis.tree.index, analysis.tree.layers[-1]
    name = printable_name(row.name) + ("/" if row.is_directory else "")
    dead = human_size(row.dead) if row.dead else ""
    return TableRow(
        (human_share(row.size, whole), human_size(row.size), dead, f"{row.files:,}", name),
        share=(row.size + row.dead) / largest,
        dead_share=row.dead / largest,
        style="folder" if row.is_directory else None,
        target=Target(last, row.node),
        detail=f"{_path(index.path(row.node))}: {human_size(row.size)} in {plural(row.files, 'file')}"
        + (f", and {dead} of dead files" if dead else ""),
        folder=row.node if row.is_directory else None,
    )


def type_table(analysis: SizeAnalysis) -> SizeTable:
    """Return the file types, the largest first."""
    sizes = analysis.types.sizes
    largest = max((type_size.size for type_size in sizes), default=0) or 1
    total = sum(type_size.size for type_size in sizes)

    def build(index: int) -> TableRow:
        size, files, name = sizes[index].size, sizes[index].files, sizes[index].type.value
        return TableRow(
            (human_share(size, total), human_size(size), f"{files:,}", name),
            share=size / largest,
            detail=f"{name}: {human_size(size)} in {plural(files, 'file')} of the final image",
        )

    files = _count_column("files", max((type_size.files for type_size in sizes), default=0))
    columns = (_SHARE, _SIZE, files, TableColumn("type"))
    when_empty = "The final image has no files." if analysis.report.is_complete else "No file could be read."
    return SizeTable(columns, RowsOnDemand(len(sizes), build), when_empty)


def package_table(analysis: SizeAnalysis) -> SizeTable:
    """Return the packages, the largest first."""
    packages, live = analysis.packages.packages, analysis.report.live
    largest, last = max((package.size for package in packages), default=0) or 1, analysis.tree.layers[-1:]
    total = sum(live.sizes)

    def build(index: int) -> TableRow:
        size, files, package = packages[index].size, packages[index].places, packages[index].package
        name, version = printable_line(package.name), printable_line(package.version)
        largest_file = max(files, key=live.sizes.__getitem__, default=None)
        target = Target(last[0], live.nodes[largest_file]) if largest_file is not None and last else None
        return TableRow(
            (human_share(size, total), human_size(size), f"{len(files):,}", package.manager, f"{name} {version}"),
            share=size / largest,
            target=target,
            detail=f"{package.manager} package {name}: {plural(len(files), 'file')} of its own in the final image; "
            "Enter goes to the largest",
        )

    columns = (
        _SHARE,
        _SIZE,
        _count_column("files", max((len(package.places) for package in packages), default=0)),
        TableColumn("by", width=max((len(package.package.manager) for package in packages), default=0)),
        TableColumn("package"),
    )
    unread = analysis.packages.unread
    exception = f", except {_path(unread[0])}, which is not read" if unread else ""
    where = "" if analysis.report.is_complete else " in the layers that could be read"
    when_empty = f"No package database was found{where}{exception}."
    return SizeTable(columns, RowsOnDemand(len(packages), build), when_empty)


def dead_table(analysis: SizeAnalysis) -> SizeTable:
    """Return the dead files, the largest first."""
    entries, image = analysis.report.dead.entries, analysis.image
    largest = max((entry.size for entry in entries), default=0) or 1

    def build(index: int) -> TableRow:
        entry = entries[index]
        path, reason = _path(entry.path), reason_word(entry.reason)
        writer, hider = (excerpt(image.step(layer).title) for layer in (entry.writer, entry.hidden_by))
        return TableRow(
            (human_size(entry.size), reason, str(entry.writer), str(entry.hidden_by), path),
            share=entry.size / largest,
            dead_share=entry.size / largest,
            target=Target(entry.hidden_by, entry.node),
            detail=f"{path}\nwritten by layer {entry.writer}: {writer}\n"
            f"hidden by layer {entry.hidden_by} ({reason}): {hider}",
        )

    layers = len(image.layers)
    reasons = {reason_word(entry.reason) for entry in entries}
    columns = (
        _SIZE,
        TableColumn("reason", width=max(map(len, reasons), default=0)),
        _count_column("writer", layers),
        _count_column("hidden by", layers),
        TableColumn("path"),
    )
    return SizeTable(columns, RowsOnDemand(len(entries), build), no_dead_sentence(analysis.report))


def duplicate_table(analysis: SizeAnalysis) -> SizeTable:
    """Return the duplicates, those that cost the most first."""
    duplicates = sorted(analysis.report.duplicates, key=lambda duplicate: -duplicate.saves)
    largest = max((duplicate.saves for duplicate in duplicates), default=0) or 1
    path_of, last = analysis.tree.index.path, analysis.tree.layers[-1:]

    def build(index: int) -> TableRow:
        duplicate = duplicates[index]
        paths = [_path(path_of(node)) for node in duplicate.nodes[:_MOST_PATHS]]
        copies = len(duplicate.nodes)
        return TableRow(
            (human_size(duplicate.saves), human_size(duplicate.size), f"{copies:,}", paths[0]),
            share=duplicate.saves / largest,
            target=Target(last[0], duplicate.nodes[0]),
            detail=f"the same {human_size(duplicate.size)} in {_listed(paths, copies)}",
        )

    copies = _count_column("copies", max((len(duplicate.nodes) for duplicate in duplicates), default=0))
    columns = (TableColumn("twice", right=True, width=_SIZE_WIDTH), _SIZE, copies, TableColumn("first path"))
    when_empty = "No two files of the final image have the same content."
    if not (analysis.report.is_complete and analysis.report.duplicates_complete):
        when_empty = "No two files with the same content were found, but not all files could be compared."
    return SizeTable(columns, RowsOnDemand(len(duplicates), build), when_empty)


def advice_table(analysis: SizeAnalysis) -> SizeTable:
    """Return the secrets, then the advice in its own order."""
    report = analysis.report
    secrets, advice = report.secrets, report.advice

    def build(index: int) -> TableRow:
        return _secret_row(analysis, secrets[index]) if index < len(secrets) else build_advice(index - len(secrets))

    def build_advice(index: int) -> TableRow:
        piece = advice[index]
        node = analysis.tree.index.find(piece.paths[0]) if piece.paths else None
        text = printable_line(piece.text)
        paths = [_path(path) for path in piece.paths[:_MOST_PATHS]]
        evidence = f"\nSeen: {_listed(paths, len(piece.paths))}" if paths else ""
        return TableRow(
            (human_size(piece.saves) if piece.saves else "", str(piece.layer), text),
            target=Target(piece.hidden_by or piece.layer, node),
            detail=f"{text}\nLayer {piece.layer}: {excerpt(analysis.image.step(piece.layer).title)}{evidence}",
        )

    columns = (
        TableColumn("saves", right=True, width=_SIZE_WIDTH),
        _count_column("layer", len(analysis.image.layers)),
        TableColumn("what to change"),
    )
    return SizeTable(columns, RowsOnDemand(len(secrets) + len(advice), build), no_advice_sentence(report))


def _secret_row(analysis: SizeAnalysis, secret: Secret) -> TableRow:
    """Return the row of a secret, which saves nothing: everybody who pulls the image has it."""
    return TableRow(
        ("", str(secret.layer), f"secret: {secret.text}"),
        style="error",
        target=Target(secret.layer, secret.node),
        detail=f"{secret.text}\nLayer {secret.layer}: {excerpt(analysis.image.step(secret.layer).title)}",
    )


def _path(path: bytes) -> str:
    return printable_name(path_text(path))


def _listed(paths: Sequence[str], count: int) -> str:
    """Return the paths as a list that ends with the number of those that are missing from it."""
    more = f" and {count - len(paths):,} more" if count > len(paths) else ""
    return f"{', '.join(paths)}{more}"
