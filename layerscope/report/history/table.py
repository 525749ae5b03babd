"""The history of one path for people: a row for each layer that wrote, changed or hid it."""

from collections.abc import Sequence
from typing import TextIO

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.path_history import Revision
from layerscope.model.entries import FileEntry, Kind
from layerscope.model.image import Image
from layerscope.report.colors import CHANGE_STYLES
from layerscope.report.json_document import NO_LIMIT, Limit
from layerscope.report.tables import LEAST_INSTRUCTION, Block, Grid, GridColumn, Line, Paragraph, instruction_line, show
from layerscope.report.tree.selection import link_text
from layerscope.session.summary import layer_title
from layerscope.text import human_size, mode_text, printable_name, printable_path

_COLUMNS = (
    GridColumn("layer", is_right=True),
    GridColumn(""),
    GridColumn("what", is_flexible=True),
    GridColumn("size", is_right=True),
    GridColumn("mode", is_optional=True),
    GridColumn("owner", is_optional=True),
    GridColumn("instruction", is_flexible=True, least=LEAST_INSTRUCTION),
)


def write_history_table(
    image: Image, path: bytes, events: Sequence[Revision], file: TextIO, limit: Limit = NO_LIMIT
) -> None:
    """Print the events of a path, base first."""
    show(history_table(image, path, events, limit), file)


def history_table(image: Image, path: bytes, events: Sequence[Revision], limit: Limit) -> Sequence[Block]:
    """Return a line about the path in the final image, and the table."""
    grid = Grid(*_COLUMNS)
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
    return [Paragraph(f"{printable_path(path)}{_fate(events)}", "bold"), Paragraph(), grid]


def _details(event: Revision) -> str:
    """Return what changed, and the target of a link."""
    words = [", ".join(event.what.words)] if event.what else []
    if event.change is ChangeKind.MODIFIED and not event.what:
        words = ["an identical copy"]
    return " ".join([*words, *_link(event.entry)])


def _link(entry: FileEntry) -> list[str]:
    link = link_text(entry.kind, entry.link)
    return [] if link is None else [f"-> {printable_name(link)}"]


def _fate(events: Sequence[Revision]) -> str:
    # A directory that a layer only repeats is unchanged.
    last = next((event for event in reversed(events) if event.change is not ChangeKind.UNCHANGED), events[-1])
    if last.change is ChangeKind.REMOVED:
        return f" is not in the final image: layer {last.layer} removed it"
    return f" is in the final image as layer {last.entry.layer} wrote it"
