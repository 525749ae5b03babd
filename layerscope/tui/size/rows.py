"""From what an image weighs to the rows of the size view."""

from collections.abc import Sequence
from dataclasses import dataclass

from layerscope.analysis.advice.advice import Advice
from layerscope.analysis.size.dead import DeadEntry
from layerscope.analysis.size.directories import DirectoryRow
from layerscope.analysis.size.duplicates import Duplicate
from layerscope.session.files.revision import made_by
from layerscope.session.size.analysis import Weighing
from layerscope.text import human_share, human_size, path_text, plural, printable_line, printable_name
from layerscope.tui.widgets.fact_table import Fact, FactColumn, Target

_MOST_PATHS = 30
_RIGHT_SIZE = FactColumn("size", right=True)


@dataclass(frozen=True, slots=True)
class Facts:
    """A table: its columns, its rows, and the sentence that stands where there are none."""

    columns: tuple[FactColumn, ...]
    rows: tuple[Fact, ...]
    none: str


def layer_facts(weighing: Weighing) -> Facts:
    """Return the layers, the heaviest first."""
    why = weighing.why
    largest = max((weight.content_size or 0 for weight in why.layers), default=0) or 1
    rows = tuple(
        Fact(
            (
                str(weight.layer),
                human_size(weight.content_size),
                human_share(weight.content_size, why.total_size),
                human_size(weight.dead_size) if weight.dead_size != 0 else "",
                human_size(weight.killed_size) if weight.killed_size != 0 else "",
                human_size(weight.blob_size),
                printable_line(made_by(weighing.image, weight.layer)),
            ),
            share=(weight.content_size or 0) / largest,
            dead_share=(weight.dead_size or 0) / largest,
            target=Target(weight.layer),
            detail=f"Layer {weight.layer}: {printable_line(made_by(weighing.image, weight.layer))}",
        )
        for weight in why.layers
    )
    titles = ("layer", "content", "share", "dead", "hides", "blob")
    columns = (*(FactColumn(title, right=True) for title in titles), FactColumn("instruction"))
    return Facts(columns, rows, "This image has no layers.")


def directory_facts(weighing: Weighing, folder: int) -> Facts:
    """Return what lies right below a folder, the heaviest first."""
    rows = weighing.directories.rows(folder)
    largest = max((row.size + row.dead for row in rows), default=0) or 1
    whole = weighing.directories.row(folder).size
    facts = tuple(_directory_fact(weighing, row, largest, whole) for row in rows)
    columns = (
        FactColumn("share", right=True),
        _RIGHT_SIZE,
        FactColumn("dead", right=True),
        FactColumn("files", right=True),
    )
    return Facts((*columns, FactColumn("name")), facts, "Nothing in here has any size.")


def _directory_fact(weighing: Weighing, row: DirectoryRow, largest: int, whole: int) -> Fact:
    index, last = weighing.tree.index, weighing.tree.layers[-1]
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


def type_facts(weighing: Weighing) -> Facts:
    """Return the types of files, the heaviest first."""
    weights = weighing.types.weights
    largest, total = max((each.size for each in weights), default=0) or 1, sum(each.size for each in weights)
    rows = tuple(
        Fact(
            (human_share(each.size, total), human_size(each.size), f"{each.files:,}", each.type.value),
            share=each.size / largest,
            detail=f"{each.type.value}: {human_size(each.size)} in {plural(each.files, 'file')} of the final image",
        )
        for each in weights
    )
    columns = (FactColumn("share", right=True), _RIGHT_SIZE, FactColumn("files", right=True), FactColumn("type"))
    return Facts(columns, rows, "The final image has no files.")


def package_facts(weighing: Weighing) -> Facts:
    """Return the packages, the heaviest first."""
    weights = weighing.packages.packages
    largest, last = max((each.size for each in weights), default=0) or 1, weighing.tree.layers[-1:]
    total = sum(weighing.why.live.sizes)
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
            target=Target(last[0], weighing.why.live.nodes[max(each.places, key=weighing.why.live.sizes.__getitem__)])
            if each.places and last
            else None,
            detail=f"{each.package.manager} package {printable_line(each.package.name)}: "
            f"{plural(len(each.places), 'file')} of its own in the final image; Enter goes to the largest",
        )
        for each in weights
    )
    titles = ("share", "size", "files")
    columns = (*(FactColumn(title, right=True) for title in titles), FactColumn("by"), FactColumn("package"))
    unread = weighing.packages.unread
    none = "No package database was found" + (f", but {_path(unread[0])}, which is not read." if unread else ".")
    return Facts(columns, rows, none)


def dead_facts(weighing: Weighing) -> Facts:
    """Return the dead files, the largest first."""
    entries = weighing.why.dead.entries
    largest = max((entry.size for entry in entries), default=0) or 1
    rows = tuple(_dead_fact(weighing, entry, largest) for entry in entries)
    columns = (
        _RIGHT_SIZE,
        FactColumn("reason"),
        FactColumn("wrote", right=True),
        FactColumn("hid", right=True),
        FactColumn("path"),
    )
    return Facts(columns, rows, "Nothing in this image is dead.")


def _dead_fact(weighing: Weighing, entry: DeadEntry, largest: int) -> Fact:
    image, path = weighing.image, _path(entry.path)
    wrote = printable_line(image.instruction(entry.writer) or "no instruction recorded")
    hid = printable_line(image.instruction(entry.killer) or "no instruction recorded")
    reason = entry.reason.value if entry.reason else "unknown"
    return Fact(
        (human_size(entry.size), reason, str(entry.writer), str(entry.killer), path),
        dead_share=entry.size / largest,
        share=entry.size / largest,
        target=Target(entry.killer, entry.node),
        detail=f"{path}\nwritten by layer {entry.writer}: {wrote}\nhidden by layer {entry.killer} ({reason}): {hid}",
    )


def duplicate_facts(weighing: Weighing) -> Facts:
    """Return the duplicates, those that cost most first."""
    duplicates = sorted(weighing.why.duplicates, key=lambda each: -each.size * (len(each.nodes) - 1))
    largest = max((each.size * (len(each.nodes) - 1) for each in duplicates), default=0) or 1
    rows = tuple(_duplicate_fact(weighing, each, largest) for each in duplicates)
    columns = (FactColumn("twice", right=True), _RIGHT_SIZE, FactColumn("copies", right=True), FactColumn("first path"))
    return Facts(columns, rows, "No two files of the final image hold the same bytes.")


def _duplicate_fact(weighing: Weighing, duplicate: Duplicate, largest: int) -> Fact:
    extra = duplicate.size * (len(duplicate.nodes) - 1)
    paths = [_path(weighing.tree.index.path(node)) for node in duplicate.nodes]
    return Fact(
        (human_size(extra), human_size(duplicate.size), str(len(paths)), paths[0]),
        share=extra / largest,
        target=Target(weighing.tree.layers[-1], duplicate.nodes[0]),
        detail=_listed(f"the same {human_size(duplicate.size)} in", paths),
    )


def advice_facts(weighing: Weighing) -> Facts:
    """Return the advice, in its own order."""
    rows = tuple(_advice_fact(weighing, each) for each in weighing.why.advice)
    columns = (FactColumn("saves", right=True), FactColumn("layer", right=True), FactColumn("what to change"))
    return Facts(columns, rows, "There is nothing to advise: no waste or risk of a known kind was seen.")


def _advice_fact(weighing: Weighing, advice: Advice) -> Fact:
    node = weighing.tree.index.find(advice.paths[0]) if advice.paths else None
    instruction = printable_line(advice.instruction or "no instruction recorded")
    text = printable_line(advice.text)
    seen = _listed("Seen:", [_path(path) for path in advice.paths]) if advice.paths else ""
    return Fact(
        (human_size(advice.saves) if advice.saves else "", str(advice.layer), text),
        target=Target(advice.killer or advice.layer, node),
        detail=f"{text}\nLayer {advice.layer}: {instruction}\n{seen}",
    )


def _path(path: bytes) -> str:
    return printable_name(path_text(path))


def _listed(lead: str, paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _MOST_PATHS:,} more" if len(paths) > _MOST_PATHS else ""
    return f"{lead} {', '.join(paths[:_MOST_PATHS])}{more}"
