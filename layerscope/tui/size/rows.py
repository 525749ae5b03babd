"""From what an image weighs to the rows of the size view."""

from collections.abc import Sequence
from dataclasses import dataclass

from layerscope.analysis.advice.advice import Advice
from layerscope.analysis.size.dead import DeadEntry
from layerscope.analysis.size.directories import DirectoryRow
from layerscope.analysis.size.duplicates import Duplicate
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.text import human_share, human_size, path_text, plural, printable_line, printable_name
from layerscope.tui.widgets.fact_table import Fact, FactColumn, Target

_MOST_PATHS = 30
_RIGHT_SIZE = FactColumn("size", right=True)


@dataclass(frozen=True, slots=True)
class SizeRows:
    """A table: its columns, its rows, and the sentence that stands where there are none."""

    columns: tuple[FactColumn, ...]
    rows: tuple[Fact, ...]
    none: str


def layer_facts(analysis: SizeAnalysis) -> SizeRows:
    """Return the layers, the heaviest first."""
    why = analysis.report
    largest = max((layer_size.content_size or 0 for layer_size in why.layers), default=0) or 1
    rows = tuple(
        Fact(
            (
                str(layer_size.layer),
                human_size(layer_size.content_size),
                human_share(layer_size.content_size, why.total_size),
                human_size(layer_size.dead_size) if layer_size.dead_size != 0 else "",
                human_size(layer_size.hidden_size) if layer_size.hidden_size != 0 else "",
                human_size(layer_size.blob_size),
                printable_line(analysis.image.step(layer_size.layer).title),
            ),
            share=(layer_size.content_size or 0) / largest,
            dead_share=(layer_size.dead_size or 0) / largest,
            target=Target(layer_size.layer),
            detail=f"Layer {layer_size.layer}: {printable_line(analysis.image.step(layer_size.layer).title)}",
        )
        for layer_size in why.layers
    )
    titles = ("layer", "content", "share", "dead", "hides", "blob")
    columns = (*(FactColumn(title, right=True) for title in titles), FactColumn("instruction"))
    return SizeRows(columns, rows, "This image has no layers.")


def directory_facts(analysis: SizeAnalysis, folder: int) -> SizeRows:
    """Return what lies right below a folder, the heaviest first."""
    rows = analysis.directories.rows(folder)
    largest = max((row.size + row.dead for row in rows), default=0) or 1
    whole = analysis.directories.row(folder).size
    facts = tuple(_directory_fact(analysis, row, largest, whole) for row in rows)
    columns = (
        FactColumn("share", right=True),
        _RIGHT_SIZE,
        FactColumn("dead", right=True),
        FactColumn("files", right=True),
    )
    return SizeRows((*columns, FactColumn("name")), facts, "Nothing in here has any size.")


def _directory_fact(analysis: SizeAnalysis, row: DirectoryRow, largest: int, whole: int) -> Fact:
    index, last = analysis.tree.index, analysis.tree.layers[-1]
    name = printable_name(row.name) + ("/" if row.is_directory else "")
    dead = human_size(row.dead) if row.dead else ""
    return Fact(
        (human_share(row.size, whole), human_size(row.size), dead, f"{row.files:,}", name),
        share=(row.size + row.dead) / largest,
        dead_share=row.dead / largest,
        style="folder" if row.is_directory else None,
        target=Target(last, row.node),
        detail=f"{_path(index.path(row.node))}: {human_size(row.size)} in {plural(row.files, 'file')}"
        + (f", and {dead} dead beside them" if dead else ""),
        folder=row.node if row.is_directory else None,
    )


def type_facts(analysis: SizeAnalysis) -> SizeRows:
    """Return the types of files, the heaviest first."""
    sizes = analysis.types.sizes
    largest, total = max((each.size for each in sizes), default=0) or 1, sum(each.size for each in sizes)
    rows = tuple(
        Fact(
            (human_share(each.size, total), human_size(each.size), f"{each.files:,}", each.type.value),
            share=each.size / largest,
            detail=f"{each.type.value}: {human_size(each.size)} in {plural(each.files, 'file')} of the final image",
        )
        for each in sizes
    )
    columns = (FactColumn("share", right=True), _RIGHT_SIZE, FactColumn("files", right=True), FactColumn("type"))
    return SizeRows(columns, rows, "The final image has no files.")


def package_facts(analysis: SizeAnalysis) -> SizeRows:
    """Return the packages, the heaviest first."""
    sizes = analysis.packages.packages
    largest, last = max((each.size for each in sizes), default=0) or 1, analysis.tree.layers[-1:]
    total = sum(analysis.report.live.sizes)
    rows = tuple(
        Fact(
            (
                human_share(each.size, total),
                human_size(each.size),
                f"{len(each.places):,}",
                each.package.manager,
                f"{printable_line(each.package.name)} {printable_line(each.package.version)}",
            ),
            share=each.size / largest,
            target=Target(
                last[0], analysis.report.live.nodes[max(each.places, key=analysis.report.live.sizes.__getitem__)]
            )
            if each.places and last
            else None,
            detail=f"{each.package.manager} package {printable_line(each.package.name)}: "
            f"{plural(len(each.places), 'file')} of its own in the final image; Enter goes to the largest",
        )
        for each in sizes
    )
    titles = ("share", "size", "files")
    columns = (*(FactColumn(title, right=True) for title in titles), FactColumn("by"), FactColumn("package"))
    unread = analysis.packages.unread
    none = "No package database was found" + (f", but {_path(unread[0])}, which is not read." if unread else ".")
    return SizeRows(columns, rows, none)


def dead_facts(analysis: SizeAnalysis) -> SizeRows:
    """Return the dead files, the largest first."""
    entries = analysis.report.dead.entries
    largest = max((entry.size for entry in entries), default=0) or 1
    rows = tuple(_dead_fact(analysis, entry, largest) for entry in entries)
    columns = (
        _RIGHT_SIZE,
        FactColumn("reason"),
        FactColumn("wrote", right=True),
        FactColumn("hid", right=True),
        FactColumn("path"),
    )
    return SizeRows(columns, rows, "Nothing in this image is dead.")


def _dead_fact(analysis: SizeAnalysis, entry: DeadEntry, largest: int) -> Fact:
    image, path = analysis.image, _path(entry.path)
    wrote = printable_line(image.step(entry.writer).title)
    hid = printable_line(image.step(entry.hidden_by).title)
    reason = entry.reason.value if entry.reason else "unknown"
    return Fact(
        (human_size(entry.size), reason, str(entry.writer), str(entry.hidden_by), path),
        dead_share=entry.size / largest,
        share=entry.size / largest,
        target=Target(entry.hidden_by, entry.node),
        detail=f"{path}\nwritten by layer {entry.writer}: {wrote}\nhidden by layer {entry.hidden_by} ({reason}): {hid}",
    )


def duplicate_facts(analysis: SizeAnalysis) -> SizeRows:
    """Return the duplicates, those that cost most first."""
    duplicates = sorted(analysis.report.duplicates, key=lambda each: -each.size * (len(each.nodes) - 1))
    largest = max((each.size * (len(each.nodes) - 1) for each in duplicates), default=0) or 1
    rows = tuple(_duplicate_fact(analysis, each, largest) for each in duplicates)
    columns = (FactColumn("twice", right=True), _RIGHT_SIZE, FactColumn("copies", right=True), FactColumn("first path"))
    return SizeRows(columns, rows, "No two files of the final image hold the same bytes.")


def _duplicate_fact(analysis: SizeAnalysis, duplicate: Duplicate, largest: int) -> Fact:
    extra = duplicate.size * (len(duplicate.nodes) - 1)
    paths = [_path(analysis.tree.index.path(node)) for node in duplicate.nodes]
    return Fact(
        (human_size(extra), human_size(duplicate.size), str(len(paths)), paths[0]),
        share=extra / largest,
        target=Target(analysis.tree.layers[-1], duplicate.nodes[0]),
        detail=_listed(f"the same {human_size(duplicate.size)} in", paths),
    )


def advice_facts(analysis: SizeAnalysis) -> SizeRows:
    """Return the advice, in its own order."""
    rows = tuple(_advice_fact(analysis, each) for each in analysis.report.advice)
    columns = (FactColumn("saves", right=True), FactColumn("layer", right=True), FactColumn("what to change"))
    return SizeRows(columns, rows, "There is nothing to advise: no waste or risk of a known kind was seen.")


def _advice_fact(analysis: SizeAnalysis, advice: Advice) -> Fact:
    node = analysis.tree.index.find(advice.paths[0]) if advice.paths else None
    instruction = printable_line(analysis.image.step(advice.layer).title)
    text = printable_line(advice.text)
    seen = _listed("Seen:", [_path(path) for path in advice.paths]) if advice.paths else ""
    return Fact(
        (human_size(advice.saves) if advice.saves else "", str(advice.layer), text),
        target=Target(advice.hidden_by or advice.layer, node),
        detail=f"{text}\nLayer {advice.layer}: {instruction}\n{seen}",
    )


def _path(path: bytes) -> str:
    return printable_name(path_text(path))


def _listed(lead: str, paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _MOST_PATHS:,} more" if len(paths) > _MOST_PATHS else ""
    return f"{lead} {', '.join(paths[:_MOST_PATHS])}{more}"
