"""The history of one path: a document, and for people a row for each layer that wrote, changed or hid it."""

from collections.abc import Sequence
from typing import TextIO

from msgspec import Struct
from msgspec.structs import astuple

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.path_history import Revision
from layerscope.model.entries import Kind
from layerscope.model.image import Image
from layerscope.report.colors import CHANGE_STYLES
from layerscope.report.json_document import NO_LIMIT, Limit, Listing, write_document
from layerscope.report.tables import LEAST_INSTRUCTION, Grid, GridColumn, Line, Paragraph, instruction_line, show
from layerscope.report.tree import entry_part
from layerscope.report.tree_rows import link_text
from layerscope.session.summary import layer_title
from layerscope.text import human_size, mode_text, path_text, printable_name, printable_path


class EventPart(Struct):
    """The change that one layer made to the path; for a removal, the other fields describe the path before it."""

    layer: int
    instruction: str | None
    change: str
    what: list[str]
    written_by: int
    kind: str
    size: int
    mode: str
    uid: int
    gid: int
    mtime: int | None
    link: str | None


class HistoryDocument(Listing, kw_only=True):
    """The whole document; ``present``: whether the path is in the final image."""

    path: str
    present: bool
    events: list[EventPart]


def write_history_document(
    image: Image, path: bytes, events: Sequence[Revision], file: TextIO, limit: Limit = NO_LIMIT, *, present: bool
) -> None:
    """Write the document of a path."""
    parts = [event_part(image, event) for event in limit(events)]
    write_document(HistoryDocument(path=path_text(path), present=present, events=parts), file, limit=limit)


def event_part(image: Image, event: Revision) -> EventPart:
    """Return a row of the document."""
    *fields, written_by = astuple(entry_part(event.entry))
    what, instruction = list(event.what.words), image.step(event.layer).instruction
    return EventPart(event.layer, instruction, event.change.word, what, written_by, *fields)


def write_history_table(
    image: Image, path: bytes, events: Sequence[Revision], file: TextIO, limit: Limit = NO_LIMIT
) -> None:
    """Print a line about the path in the final image, and its events, base first."""
    grid = Grid(
        GridColumn("layer", is_right=True),
        GridColumn(""),
        GridColumn("what", is_flexible=True),
        GridColumn("size", is_right=True),
        GridColumn("mode", is_optional=True),
        GridColumn("owner", is_optional=True),
        GridColumn("instruction", is_flexible=True, least=LEAST_INSTRUCTION),
    )
    for event in limit(events):
        entry = event.entry
        grid.add_row(
            str(event.layer),
            Line(f"{event.change.mark} {event.change.word}", CHANGE_STYLES.get(event.change, "")),
            Line(_details(event), is_folded=True),
            human_size(entry.size) if entry.kind is Kind.FILE else "",
            mode_text(entry.kind.letter, entry.mode),
            f"{entry.uid}:{entry.gid}",
            instruction_line(layer_title(image, event.layer)),
        )
    show([Paragraph(f"{printable_path(path)}{_fate(events)}", "bold"), Paragraph(), grid], file)


def _details(event: Revision) -> str:
    """Return what changed, and the target of a link."""
    words = [", ".join(event.what.words)] if event.what else []
    if event.change is ChangeKind.MODIFIED and not event.what:
        words = ["an identical copy"]
    link = link_text(event.entry.kind, event.entry.link)
    return " ".join(words if link is None else [*words, f"-> {printable_name(link)}"])


def _fate(events: Sequence[Revision]) -> str:
    # A directory that a layer only repeats is unchanged.
    last = next((event for event in reversed(events) if event.change is not ChangeKind.UNCHANGED), events[-1])
    if last.change is ChangeKind.REMOVED:
        return f" is not in the final image: layer {last.layer} removed it"
    return f" is in the final image as layer {last.entry.layer} wrote it"
